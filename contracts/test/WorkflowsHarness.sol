// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "./Directory.sol";
import {RuleBook} from "./RuleBook.sol";
import {Workflows} from "./Workflows.sol";

/// The contract as it is, and a door through which a test puts items into any state.
contract WorkflowsHarness is Workflows {
    constructor(Directory directory_, RuleBook ruleBook_) Workflows(directory_, ruleBook_) {}

    function put(bytes32[] calldata ids, Stored[] calldata given) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            items[ids[i]] = given[i];
        }
    }
}
