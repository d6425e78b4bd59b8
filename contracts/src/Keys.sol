// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "./Signatures.sol";

/// @title The present key of every account that has replaced its first one: the address stays, the key may be of another scheme.
/// @notice An account that is not here signs with the key its address was made of. Of one that is, nodes refuse every other key (docs/adr/0030).
/// @custom:source nodes read the storage directly: src/wusong/exec/account_keys.cpp has the layout
contract Keys is Signatures {
    /// @notice Only the account's own transaction replaces its key, because the present key signs that; no contract does it on the way,
    /// nor code that the account delegates to (EIP-7702): such an account ends its delegation first.
    error NotByTransaction();
    /// @notice There is no such scheme, the key is not of its size, or the signature by the new key is missing or wrong.
    error NoPossession();

    /// @notice From the next transaction on, the account signs with this key.
    event Replaced(address indexed account, uint64 indexed sequence, uint8 scheme, bytes32 keyHash);

    struct Key {
        bytes32 keyHash; // keccak256 of the public key; zero: never replaced
        uint8 scheme;
        uint64 sequence; // how often it was replaced
    }

    mapping(address account => Key) private keys; // slot 0: nodes read it

    /// @param proof the new key's signature over possession() with the next sequence number
    function replace(uint8 scheme, bytes calldata key, bytes calldata proof) external {
        if (msg.sender != tx.origin || msg.sender.code.length != 0) revert NotByTransaction();
        uint64 sequence = keys[msg.sender].sequence + 1;
        if (!_holds(scheme, key, proof, possession(msg.sender, sequence, scheme, key))) revert NoPossession();
        keys[msg.sender] = Key(keccak256(key), scheme, sequence);
        emit Replaced(msg.sender, sequence, scheme, keccak256(key));
    }

    /// @notice What a key signs to show that somebody holds it: itself, as this account's key of this number, on this chain.
    function possession(address account, uint64 sequence, uint8 scheme, bytes calldata key) public view returns (bytes memory) {
        return abi.encodePacked("wusong/account-key/v1", block.chainid, account, sequence, scheme, key);
    }

    /// @notice Zeros where the account still has its first key.
    function keyOf(address account) external view returns (uint8 scheme, bytes32 keyHash, uint64 sequence) {
        Key storage found = keys[account];
        return (found.scheme, found.keyHash, found.sequence);
    }
}
