// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// One function a kernel of the evm suite; each runs for tens of millions of gas and returns a digest of its
/// work, so that two machines can be seen to have done the same.
contract Kernels {
    mapping(uint256 => uint256) private slots;
    mapping(address => uint256) private balances;

    function hashing(uint256 n) external pure returns (bytes32 h) {
        for (uint256 i = 0; i < n; ++i) h = keccak256(abi.encodePacked(h, i));
    }

    function arithmetic(uint256 n) external pure returns (uint256 a) {
        unchecked {
            a = 3;
            uint256 m = type(uint256).max - 188;
            for (uint256 i = 1; i < n; ++i) {
                a = mulmod(a, a + i, m);
                a = a / (i | 1) + a % (i + 7) + (a << (i & 63));
                a ^= a * (i + 0x9e3779b97f4a7c15);
            }
        }
    }

    function fibonacci(uint256 n) external pure returns (uint256 b) {
        unchecked {
            uint256 a = 0;
            b = 1;
            for (uint256 i = 0; i < n; ++i) (a, b) = (b, a + b);
        }
    }

    function exponent(uint256 n) external pure returns (uint256 a) {
        unchecked {
            for (uint256 i = 1; i < n; ++i) a ^= (i + 3) ** (i * 0x1234567 + a % 1000);
        }
    }

    function memorySort(uint256 n) external pure returns (uint256) {
        uint256[] memory data = new uint256[](n);
        uint256 seed = 42;
        unchecked {
            for (uint256 i = 0; i < n; ++i) {
                seed = seed * 6364136223846793005 + 1442695040888963407;
                data[i] = seed >> 33;
            }
            for (uint256 i = 1; i < n; ++i) {
                uint256 key = data[i];
                uint256 j = i;
                while (j > 0 && data[j - 1] > key) {
                    data[j] = data[j - 1];
                    --j;
                }
                data[j] = key;
            }
        }
        return data[n / 2];
    }

    function copying(uint256 n) external pure returns (bytes32) {
        bytes memory a = new bytes(4096);
        bytes memory b = new bytes(4096);
        for (uint256 i = 0; i < n; ++i) {
            assembly {
                mstore(add(a, 32), i)
                mcopy(add(b, 32), add(a, 32), 4096)
                mcopy(add(a, 64), add(b, 32), 4032)
            }
        }
        return keccak256(b);
    }

    function storing(uint256 n) external returns (uint256 a) {
        unchecked {
            for (uint256 i = 0; i < n; ++i) {
                slots[i & 255] += i;
                a += slots[(i * 7) & 255];
            }
        }
    }

    function transfers(uint256 n) external returns (uint256) {
        unchecked {
            balances[address(1)] = n * 2;
            for (uint256 i = 0; i < n; ++i) {
                address from = address(uint160(1 + (i & 15)));
                address to = address(uint160(1 + ((i + 1) & 15)));
                uint256 amount = balances[from] / 2;
                balances[from] -= amount;
                balances[to] += amount;
            }
        }
        return balances[address(1)];
    }

    function add(uint256 a, uint256 b) external pure returns (uint256) {
        unchecked {
            return a * 31 + b;
        }
    }

    function calling(uint256 n) external view returns (uint256 a) {
        for (uint256 i = 0; i < n; ++i) a = this.add(a, i);
    }

    function sha2(uint256 n) external pure returns (bytes32 h) {
        for (uint256 i = 0; i < n; ++i) h = sha256(abi.encodePacked(h, i));
    }
}
