// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Fails in every way Solidity knows, and reaches deep into calls and storage.
contract Trouble {
    error TooSmall(uint256 given, uint256 least);

    event Noted(address indexed who, bytes32 indexed topic, string text);

    mapping(address => uint256) public notes;
    uint256 public last;

    function reason() external pure {
        revert("nothing works today");
    }

    function custom(uint256 given) external pure {
        revert TooSmall(given, 42);
    }

    function overflow(uint256 x) external pure returns (uint256) {
        return x + type(uint256).max;
    }

    function silent() external pure {
        assembly {
            revert(0, 0)
        }
    }

    function burnGas() external pure {
        while (true) {}
    }

    function note(bytes32 topic, string calldata text) external {
        notes[msg.sender] += 1;
        last = block.number;
        emit Noted(msg.sender, topic, text);
    }

    function nested(uint256 depth) external returns (uint256) {
        if (depth == 0) return last;
        last += 1;
        return this.nested(depth - 1);
    }

    function environment() external view returns (uint256, uint256, uint256, address, uint256) {
        return (block.number, block.timestamp, block.chainid, block.coinbase, block.prevrandao);
    }

    receive() external payable {}
}
