// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What the chain suite transfers.
contract LoadToken is ERC20 {
    constructor() ERC20("Load", "LOAD") {
        _mint(msg.sender, 1e30);
    }
}
