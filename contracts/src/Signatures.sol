// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the chain's own contracts know of signature schemes: sizes, and whether a signature holds.
/// @custom:source numbers and sizes: src/wusong/crypto/signature.hpp; the precompile: src/wusong/vm/precompiles.cpp
abstract contract Signatures {
    address private constant SIGNATURE_VERIFY = address(0x5701);

    /// @notice Of a scheme's public keys and signatures; zeros where there is no such scheme.
    function sizes(uint8 scheme) public pure returns (uint256 key, uint256 signature) {
        if (scheme == 1 || scheme == 3) return (64, 64); // secp256k1, SM2
        if (scheme == 2) return (32, 64); // Ed25519
        if (scheme == 4) return (1312, 2420); // ML-DSA-44
        if (scheme == 5) return (1952, 3309); // ML-DSA-65
        if (scheme == 6) return (1344, 2484); // Ed25519 with ML-DSA-44
        if (scheme == 7) return (1376, 2484); // SM2 with ML-DSA-44
    }

    /// @dev Sizes are checked first: otherwise bytes could pass from key to signature or message.
    function _holds(uint8 scheme, bytes memory key, bytes calldata signature, bytes memory message) internal view returns (bool) {
        (uint256 keySize, uint256 signatureSize) = sizes(scheme);
        if (keySize == 0 || key.length != keySize || signature.length != signatureSize) return false;
        (, bytes memory valid) = SIGNATURE_VERIFY.staticcall(abi.encodePacked(scheme, key, signature, message));
        return valid.length == 32;
    }
}
