// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "./Signatures.sol";

/// @title The chain's members and parameters: who votes, whose nodes may connect, and what all nodes hold equal.
/// @notice Every validator names a governor, an account. What governors approve by more than the share in genesis changes this state; nodes
/// take it over at the end of an epoch (docs/adr/0014). A proposal is a batch of changes: it happens as a whole or not at all. Each change
/// outdates all other proposals, so nobody approves what has come to mean something else.
/// @custom:source nodes read the storage directly: src/wusong/node/registry.cpp has the layout
contract Registry is Signatures {
    /// @notice The sender is nobody's governor, or not the one who proposed.
    error NotGovernor();
    /// @notice Changes are made by approved proposals, never by an account.
    error NotApproved();
    /// @notice There is no such proposal, or it was withdrawn or carried out.
    error UnknownProposal();
    /// @notice The registry has changed since it was proposed: propose again.
    error Outdated();
    error AlreadyApproved();
    /// @notice A proposal without changes.
    error NothingToChange();
    /// @notice A vote key or node key that is in use, here or elsewhere in the registry.
    error DuplicateKey();
    /// @notice An account that governs for another validator, or none.
    error DuplicateGovernor();
    /// @notice The signature that shows that somebody holds the key is missing or wrong.
    error NoPossession();
    /// @notice No validator or observer has this node key.
    error UnknownMember();
    error NobodyVotes();
    /// @notice More validators or observers than nodes can hold.
    error TooMany();
    /// @notice The sender has made as many proposals as a governor may before the registry changes; those withdrawn count.
    error TooManyProposals();
    /// @notice A proposal of more changes, or with a longer one, than any that makes sense.
    error TooLong();
    error BadName();
    /// @notice A parameter that nodes cannot follow.
    error BadParameter();
    /// @dev Ends a trial: all that it did is undone.
    error Fine();

    event Proposed(uint64 indexed id, address indexed by);
    event Approved(uint64 indexed id, address indexed by);
    event Withdrawn(uint64 indexed id);
    /// @notice The registry has a new version; the chain takes it over at the end of the epoch.
    event Changed(uint64 indexed version, uint64 indexed id);

    struct Validator {
        bytes32 name; // ASCII, zeros at the end
        bytes32 nodeKey; // Ed25519: the node's TLS key
        address beneficiary;
        uint8 scheme; // of the vote key: sizes()
        address governor;
        bytes32[2] voteKey; // its bytes, then zeros; of a longer one keccak256 and zero: layDownKey()
    }

    struct Observer {
        bytes32 name;
        bytes32 nodeKey;
    }

    struct Parameters {
        uint64 gasLimit; // of a block
        uint64 heartbeatMs;
        uint64 blockIntervalMs;
        uint64 blockBytesMax;
    }

    struct Proposal {
        address by; // zero: withdrawn or carried out
        uint64 version; // of the registry when it was proposed
        bytes[] changes; // calls of this contract
        address[] approvals;
    }

    /// @dev What a governor has proposed since the registry had this version.
    struct Made {
        uint64 version;
        uint64 count;
    }

    uint256 public constant MEMBERS_MAX = 1000;
    uint64 public constant PROPOSALS_MAX = 16; // of one governor, for one version
    uint256 public constant CHANGES_MAX = 1000; // of one proposal
    uint256 public constant CHANGE_BYTES_MAX = 8192;

    // Nodes read slots 0 to 4. Genesis writes 0 to 7.
    uint64 public version;
    uint64 public epochBlocks; // an epoch lasts at least so many blocks
    uint64 public proposals; // made so far; they are numbered from 1
    uint64 private shares; // governors needed: more than the low 32 bits in as many as the high ones
    Parameters private parameters;
    uint256 private baseFee;
    Validator[] private validators;
    Observer[] private observers;
    mapping(bytes32 nodeKey => uint256 seat) private seats; // in `validators`, from 1
    mapping(bytes32 nodeKey => uint256 seat) private observerSeats;
    mapping(bytes32 keyDigest => bool) private taken;
    mapping(address => bool) public isGovernor;
    mapping(uint64 id => Proposal) private proposed;
    uint64 private firstOpen; // earlier proposals are outdated
    mapping(address => Made) private made;
    mapping(bytes32 digest => bytes) private longKeys; // vote keys that two words do not hold; nodes read them

    modifier approved() {
        if (msg.sender != address(this)) revert NotApproved();
        _;
    }

    modifier governing() {
        if (!isGovernor[msg.sender]) revert NotGovernor();
        _;
    }

    // ---- governors

    /// @notice Proposes calls of this contract's change functions, and approves them.
    function propose(bytes[] calldata changes) external governing returns (uint64 id) {
        if (changes.length == 0) revert NothingToChange();
        if (changes.length > CHANGES_MAX) revert TooLong();
        for (uint256 i = 0; i < changes.length; ++i) if (changes[i].length > CHANGE_BYTES_MAX) revert TooLong();
        _count(made[msg.sender]);
        try this.tryOut(changes) {} catch (bytes memory why) {
            if (bytes4(why) != Fine.selector) _revert(why);
        }
        id = ++proposals;
        Proposal storage plan = proposed[id];
        plan.by = msg.sender;
        plan.version = version;
        for (uint256 i = 0; i < changes.length; ++i) plan.changes.push(changes[i]);
        emit Proposed(id, msg.sender);
        _approve(id, plan);
    }

    /// @notice Carries the proposal out when enough governors approve.
    function approve(uint64 id) external governing {
        Proposal storage plan = proposed[id];
        if (plan.by == address(0)) revert UnknownProposal();
        if (plan.version != version) revert Outdated();
        for (uint256 i = 0; i < plan.approvals.length; ++i)
            if (plan.approvals[i] == msg.sender) revert AlreadyApproved();
        _approve(id, plan);
    }

    function withdraw(uint64 id) external {
        if (proposed[id].by == address(0)) revert UnknownProposal();
        if (proposed[id].by != msg.sender) revert NotGovernor();
        delete proposed[id];
        emit Withdrawn(id);
    }

    /// @notice Approvals that carry a proposal out.
    function threshold() public view returns (uint256) {
        return validators.length * uint32(shares) / (shares >> 32) + 1;
    }

    function _approve(uint64 id, Proposal storage plan) private {
        plan.approvals.push(msg.sender);
        emit Approved(id, msg.sender);
        if (plan.approvals.length < threshold()) return;
        bytes[] memory changes = plan.changes;
        delete proposed[id];
        _carryOut(changes);
        firstOpen = proposals;
        emit Changed(++version, id);
    }

    function _count(Made storage own) private {
        if (own.version != version) (own.version, own.count) = (version, 0);
        if (own.count == PROPOSALS_MAX) revert TooManyProposals();
        ++own.count;
    }

    /// @notice What a proposal would do; always reverts, with Fine where it would succeed.
    function tryOut(bytes[] calldata changes) external approved {
        _carryOut(changes);
        revert Fine();
    }

    function _carryOut(bytes[] memory changes) private {
        for (uint256 i = 0; i < changes.length; ++i) {
            (bool done, bytes memory why) = address(this).call(changes[i]);
            if (!done) _revert(why);
        }
        if (validators.length == 0) revert NobodyVotes();
        if (validators.length > MEMBERS_MAX || observers.length > MEMBERS_MAX) revert TooMany();
    }

    function _revert(bytes memory why) private pure {
        assembly ("memory-safe") {
            revert(add(why, 32), mload(why))
        }
    }

    // ---- changes

    /// @param voteProof the vote key's signature, `nodeProof` the node key's: see possession()
    function addValidator(Validator calldata who, bytes calldata voteProof, bytes calldata nodeProof) external approved {
        if (who.name == 0) revert BadName();
        _govern(who.governor);
        _takeNodeKey(who.nodeKey, nodeProof);
        _take(who.nodeKey, who.scheme, who.voteKey, voteProof);
        validators.push(who);
        seats[who.nodeKey] = validators.length;
    }

    function removeValidator(bytes32 nodeKey) external approved {
        uint256 seat = _seat(nodeKey);
        Validator storage gone = validators[seat - 1];
        delete isGovernor[gone.governor];
        delete taken[_digest(2, [nodeKey, bytes32(0)])];
        _freeVoteKey(gone.scheme, gone.voteKey);
        delete seats[nodeKey];
        if (seat != validators.length) {
            validators[seat - 1] = validators[validators.length - 1];
            seats[validators[seat - 1].nodeKey] = seat;
        }
        validators.pop();
    }

    /// @notice A vote key of more than 64 bytes, for a later change of the same proposal to name by its digest.
    function layDownKey(bytes calldata key) external approved {
        longKeys[keccak256(key)] = key;
    }

    function replaceVoteKey(bytes32 nodeKey, uint8 scheme, bytes32[2] calldata voteKey, bytes calldata proof) external approved {
        Validator storage who = validators[_seat(nodeKey) - 1];
        (uint8 oldScheme, bytes32[2] memory oldKey) = (who.scheme, who.voteKey);
        _take(nodeKey, scheme, voteKey, proof);
        _freeVoteKey(oldScheme, oldKey);
        who.scheme = scheme;
        who.voteKey = voteKey;
    }

    function replaceNodeKey(bytes32 nodeKey, bytes32 nextKey, bytes calldata proof) external approved {
        uint256 seat = _seat(nodeKey);
        _takeNodeKey(nextKey, proof);
        delete taken[_digest(2, [nodeKey, bytes32(0)])];
        delete seats[nodeKey];
        seats[nextKey] = seat;
        validators[seat - 1].nodeKey = nextKey;
    }

    function setAccounts(bytes32 nodeKey, address governor, address beneficiary) external approved {
        Validator storage who = validators[_seat(nodeKey) - 1];
        if (governor != who.governor) {
            delete isGovernor[who.governor];
            _govern(governor);
            who.governor = governor;
        }
        who.beneficiary = beneficiary;
    }

    function addObserver(Observer calldata who, bytes calldata nodeProof) external approved {
        if (who.name == 0) revert BadName();
        _takeNodeKey(who.nodeKey, nodeProof);
        observers.push(who);
        observerSeats[who.nodeKey] = observers.length;
    }

    function removeObserver(bytes32 nodeKey) external approved {
        uint256 seat = observerSeats[nodeKey];
        if (seat == 0) revert UnknownMember();
        delete taken[_digest(2, [nodeKey, bytes32(0)])];
        delete observerSeats[nodeKey];
        if (seat != observers.length) {
            observers[seat - 1] = observers[observers.length - 1];
            observerSeats[observers[seat - 1].nodeKey] = seat;
        }
        observers.pop();
    }

    function setParameters(Parameters calldata next, uint256 nextBaseFee, uint64 nextEpochBlocks) external approved {
        if (next.gasLimit < 21_000 || next.gasLimit > 1 << 53) revert BadParameter();
        if (next.heartbeatMs < 1_000 || next.heartbeatMs > 1 days * 1_000) revert BadParameter();
        if (next.blockIntervalMs > 60_000 || next.blockIntervalMs > next.heartbeatMs) revert BadParameter();
        if (next.blockBytesMax < 1 << 17 || next.blockBytesMax > (1 << 30) - (1 << 16)) revert BadParameter();
        if (nextBaseFee > type(uint128).max || nextEpochBlocks == 0 || nextEpochBlocks > 1_000_000) revert BadParameter();
        parameters = next;
        baseFee = nextBaseFee;
        epochBlocks = nextEpochBlocks;
    }

    // ---- keys

    /// @notice What a key signs to show that somebody holds it: the key, for the node of this node key, on this chain.
    function possession(bytes32 nodeKey, uint8 scheme, bytes32[2] memory key) public view returns (bytes memory) {
        return abi.encodePacked("wusong/possession/v1", block.chainid, nodeKey, scheme, key);
    }

    function _takeNodeKey(bytes32 nodeKey, bytes calldata proof) private {
        _take(nodeKey, 2, [nodeKey, bytes32(0)], proof);
    }

    function _take(bytes32 nodeKey, uint8 scheme, bytes32[2] memory key, bytes calldata proof) private {
        bytes32 digest = _digest(scheme, key);
        if (taken[digest]) revert DuplicateKey();
        (uint256 keySize,) = sizes(scheme);
        bytes memory keyBytes = keySize == 64 ? abi.encodePacked(key) : keySize == 32 ? abi.encodePacked(key[0]) : longKeys[key[0]];
        if (keySize != 64 && key[1] != 0) revert NoPossession();
        if (!_holds(scheme, keyBytes, proof, possession(nodeKey, scheme, key))) revert NoPossession();
        taken[digest] = true;
    }

    function _freeVoteKey(uint8 scheme, bytes32[2] memory key) private {
        delete taken[_digest(scheme, key)];
        (uint256 keySize,) = sizes(scheme);
        if (keySize > 64) delete longKeys[key[0]];
    }

    function _digest(uint8 scheme, bytes32[2] memory key) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(scheme, key));
    }

    function _govern(address governor) private {
        if (governor == address(0) || governor == address(this) || isGovernor[governor]) revert DuplicateGovernor();
        isGovernor[governor] = true;
    }

    function _seat(bytes32 nodeKey) private view returns (uint256 seat) {
        seat = seats[nodeKey];
        if (seat == 0) revert UnknownMember();
    }

    // ---- for readers

    function members() external view returns (Validator[] memory, Observer[] memory) {
        return (validators, observers);
    }

    function rules() external view returns (Parameters memory, uint256 baseFee_, uint64 epochBlocks_, uint64 version_, uint256 threshold_) {
        return (parameters, baseFee, epochBlocks, version, threshold());
    }

    function proposal(uint64 id) external view returns (address by, uint64 version_, bytes[] memory changes, address[] memory approvals) {
        Proposal storage found = proposed[id];
        return (found.by, found.version, found.changes, found.approvals);
    }

    /// @notice Proposals that may still be approved, those that were withdrawn included: after the first number, up to the second.
    function open() external view returns (uint64 after_, uint64 last) {
        return (firstOpen, proposals);
    }
}
