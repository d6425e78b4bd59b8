// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Token} from "../contracts/Token.sol";
import {Art} from "../contracts/Art.sol";

/// The cheat codes this script uses; forge provides them at a fixed address.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

contract Deploy {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bool public constant IS_SCRIPT = true;

    function run() external returns (Token token, Art art) {
        vm.startBroadcast();
        token = new Token(1_000);
        token.transfer(address(0xf06e), 7);
        art = new Art(msg.sender);
        art.mint(msg.sender, "ipfs://forge");
        vm.stopBroadcast();
        require(token.balanceOf(address(0xf06e)) == 7, "transfer lost");
    }
}
