// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "./Directory.sol";
import {RuleBook} from "./RuleBook.sol";

/// @title Every case of the data platform: one machine that interprets the rows of the rule pack under which a case began.
/// @notice An act moves one item by one transition, or is refused by the name of the first thing that is wrong with it. Nothing is called
/// but the views of `Directory` and `RuleBook`.
/// @custom:source docs/data-platform.md, section 2; ADR 0009
contract Workflows {
    /// @notice The sender has no active role.
    error NotAnActor();
    /// @notice Somebody else acted on the item in between, or its id is 0.
    error WrongSequence();
    /// @notice No rule pack is in force yet.
    error NoPackInForce();
    /// @notice The law knows no such step from here.
    error NoSuchTransition();
    /// @notice Others take this step.
    error WrongRole();
    /// @notice The item's subject is missing, of another workflow, or in another state.
    error SubjectInvalid();
    /// @notice The act names an organisation that is not active, or names one where the row asks for none.
    error OrganisationInvalid();
    /// @notice The item, or its subject, is somebody else's.
    error WrongRelation();
    /// @notice The item referred to is missing, of another workflow or state, or not tied to this one.
    error ReferenceInvalid();
    /// @notice The choice is not in the vocabulary.
    error ChoiceInvalid();
    /// @notice Marks are missing, or not in the vocabulary.
    error MarksMissing();
    /// @notice The step needs a document.
    error DocumentMissing();
    /// @notice The step needs a cited legal basis.
    error BasisMissing();
    /// @notice The deadline has not passed.
    error NotOverdue();
    /// @notice The deadline has passed.
    error Overdue();

    struct Act {
        bytes32 item;
        uint32 sequence; // the item's before the act
        uint8 workflow;
        uint8 action;
        uint8 choice;
        uint32 marks;
        uint32 organisation; // of a new item, where the row says so
        bytes32 subject; // of a new item
        bytes32 refersTo;
        bytes32 document; // SHA-256
        bytes32 basis; // SHA-256 of a cited legal basis
    }

    struct Item {
        uint8 workflow;
        uint8 state;
        uint16 pack;
        uint32 sequence;
        uint32 organisation;
        address creator;
        address party;
        uint64 deadline;
        uint32 marks;
        uint8 choice;
        bytes32 subject;
        bytes32 document;
    }

    /// What an event says beside item, actor and kind.
    struct ActDetails {
        uint32 sequence;
        uint16 pack;
        uint8 choice;
        uint32 marks;
        uint32 organisation;
        uint32 actorOrganisation;
        uint64 deadline;
        bool content; // `document` became the item's
        address party;
        bytes32 subject;
        bytes32 refersTo;
        bytes32 document;
        bytes32 basis;
    }

    /// Four slots: who and where, what, clock and party, of what.
    struct Stored {
        uint8 workflow;
        uint8 state;
        uint16 pack;
        uint32 sequence; // 0: there is no such item
        uint32 organisation;
        address creator;
        bytes32 document;
        address party;
        uint40 deadline; // 0: none
        uint32 marks;
        uint8 choice;
        bytes32 subject;
    }

    /// @notice An act was accepted. `kind` is `workflow << 24 | action << 16 | from << 8 | to`. In the details, choice, marks, refersTo, document
    /// and basis are the act's; the others are the item's after it.
    event Acted(bytes32 indexed item, address indexed actor, uint256 indexed kind, ActDetails details);

    uint256 private constant CLOCK_STOP = 0xffff;

    mapping(bytes32 id => Stored) internal items;

    /// @notice Who may act.
    Directory public immutable directory;
    /// @notice What the law allows.
    RuleBook public immutable ruleBook;

    constructor(Directory directory_, RuleBook ruleBook_) {
        directory = directory_;
        ruleBook = ruleBook_;
    }

    /// @notice Takes one step.
    function act(Act calldata given) external {
        (uint32 organisation, uint32 roles) = directory.standing(msg.sender);
        _act(given, organisation, roles);
    }

    /// @notice Takes several steps, all or none.
    function actMany(Act[] calldata given) external {
        (uint32 organisation, uint32 roles) = directory.standing(msg.sender);
        for (uint256 i = 0; i < given.length; ++i) {
            _act(given[i], organisation, roles);
        }
    }

    /// @notice An item as it is now; all zero: there is none.
    function item(bytes32 id) external view returns (Item memory) {
        Stored memory found = items[id];
        return Item({
            workflow: found.workflow,
            state: found.state,
            pack: found.pack,
            sequence: found.sequence,
            organisation: found.organisation,
            creator: found.creator,
            party: found.party,
            deadline: found.deadline,
            marks: found.marks,
            choice: found.choice,
            subject: found.subject,
            document: found.document
        });
    }

    function _act(Act calldata given, uint32 organisation, uint32 roles) private {
        if (roles == 0) revert NotAnActor();
        Stored memory it = items[given.item];
        if (given.item == 0 || given.sequence != it.sequence) revert WrongSequence();
        bool isNew = it.sequence == 0;
        uint8 from = it.state;
        uint256 row = _row(given, it);
        if (roles & uint32(row >> 8) == 0) revert WrongRole();
        _checkSubject(given, it, row);
        _checkOrganisation(given, it, row);
        _checkRelation(it, row, organisation);
        _checkReference(given, it, row);
        _checkFacts(given, it.deadline, row);

        it.state = uint8(row);
        ++it.sequence;
        if (isNew) {
            it.creator = msg.sender;
            uint256 whose = (row >> 48) & 3;
            if (whose == 1) it.organisation = organisation;
            else if (whose == 2) it.organisation = items[it.subject].organisation;
        }
        uint256 party = (row >> 50) & 3;
        if (party == 1) it.party = items[it.subject].creator;
        else if (party == 2) it.party = items[it.subject].party;
        else if (party == 3) it.party = msg.sender;
        if (given.choice != 0) it.choice = given.choice;
        if (given.marks != 0) it.marks = given.marks;
        bool content = given.document != 0 && (row >> 161) & 1 == 1;
        if (content) it.document = given.document;
        _runClock(it, row);
        items[given.item] = it;

        emit Acted(
            given.item,
            msg.sender,
            uint256(it.workflow) << 24 | uint256(given.action) << 16 | uint256(from) << 8 | it.state,
            ActDetails({
                sequence: it.sequence,
                pack: it.pack,
                choice: given.choice,
                marks: given.marks,
                organisation: it.organisation,
                actorOrganisation: organisation,
                deadline: it.deadline,
                content: content,
                party: it.party,
                subject: it.subject,
                refersTo: given.refersTo,
                document: given.document,
                basis: given.basis
            })
        );
    }

    /// The row of the transition; a new item gets its workflow and its pack.
    function _row(Act calldata given, Stored memory it) private view returns (uint256 row) {
        uint32 key = uint32(given.workflow) << 16 | uint32(given.action) << 8 | it.state;
        if (it.sequence == 0) {
            (it.pack, row) = ruleBook.rowInForce(uint64(block.timestamp), key);
            if (it.pack == 0) revert NoPackInForce();
            it.workflow = given.workflow;
        } else {
            if (it.workflow != given.workflow) revert NoSuchTransition();
            row = ruleBook.row(it.pack, key);
        }
        if (row == 0) revert NoSuchTransition();
    }

    function _checkSubject(Act calldata given, Stored memory it, uint256 row) private view {
        if (given.subject != 0) {
            if (it.sequence != 0 || items[given.subject].sequence == 0) revert SubjectInvalid();
            it.subject = given.subject;
        }
        if (uint8(row >> 60) != 0 && !_isIn(items[it.subject], row >> 60)) revert SubjectInvalid();
        bool isSingle = it.sequence == 0 && (row >> 165) & 1 == 1;
        if (isSingle && given.item != keccak256(abi.encode(given.subject, given.workflow))) revert SubjectInvalid();
    }

    function _checkOrganisation(Act calldata given, Stored memory it, uint256 row) private view {
        bool isNamed = it.sequence == 0 && (row >> 48) & 3 == 3;
        if (!isNamed) {
            if (given.organisation != 0) revert OrganisationInvalid();
            return;
        }
        (,, bool active) = directory.organisation(given.organisation);
        if (!active) revert OrganisationInvalid();
        it.organisation = given.organisation;
    }

    function _checkRelation(Stored memory it, uint256 row, uint32 organisation) private view {
        uint256 relation = uint8(row >> 40);
        if (relation == 0) return;
        bool holds;
        if (relation == 1) {
            holds = organisation != 0 && organisation == it.organisation;
        } else if (relation == 2) {
            holds = _actsFor(it.creator, organisation);
        } else if (relation == 3) {
            holds = _actsFor(it.party, organisation);
        } else if (relation == 4) {
            holds = organisation != 0 && it.organisation != 0 && directory.parentOf(it.organisation) == organisation;
        } else if (it.subject != 0) {
            Stored storage subject = items[it.subject];
            if (relation == 5) holds = organisation != 0 && organisation == subject.organisation;
            else if (relation == 6) holds = _actsFor(subject.creator, organisation);
            else if (relation == 7) holds = _actsFor(subject.party, organisation);
        }
        if (!holds) revert WrongRelation();
    }

    /// Whether the sender is `who`, or a colleague: a case is its organisation's, whoever of it began it.
    function _actsFor(address who, uint32 organisation) private view returns (bool) {
        if (msg.sender == who) return true;
        if (organisation == 0 || who == address(0)) return false;
        (uint32 theirs,,) = directory.actor(who);
        return theirs == organisation;
    }

    function _checkReference(Act calldata given, Stored memory it, uint256 row) private view {
        bytes32 id = given.refersTo;
        if (uint8(row >> 168) == 0) {
            if (id != 0) revert ReferenceInvalid();
            return;
        }
        Stored storage found = items[id];
        if (!_isIn(found, row >> 168)) revert ReferenceInvalid();
        uint256 tie = (row >> 163) & 3;
        if (tie == 1 && (it.subject == 0 || found.subject != it.subject)) revert ReferenceInvalid();
        if (tie == 2 && found.subject != given.item) revert ReferenceInvalid();
    }

    function _checkFacts(Act calldata given, uint40 deadline, uint256 row) private view {
        uint256 count = uint8(row >> 100);
        if (given.choice > count || (count != 0 && given.choice == 0)) revert ChoiceInvalid();
        uint32 mask = uint32(row >> 108);
        bool any = (row >> 162) & 1 == 1;
        if (any ? given.marks == 0 || given.marks & ~mask != 0 : given.marks != mask) revert MarksMissing();
        uint256 needs = uint8(row >> 52);
        if (needs & 1 != 0 && given.document == 0) revert DocumentMissing();
        if (needs & 2 != 0 && given.basis == 0) revert BasisMissing();
        bool passed = deadline != 0 && block.timestamp >= deadline;
        if (needs & 4 != 0 && !passed) revert NotOverdue();
        if (needs & 8 != 0 && passed) revert Overdue();
    }

    function _runClock(Stored memory it, uint256 row) private view {
        uint16 amount = uint16(row >> 140);
        if (amount == 0) return;
        if (amount == CLOCK_STOP) {
            it.deadline = 0;
        } else {
            it.deadline = uint40(
                ruleBook.deadline(it.pack, uint64(block.timestamp), amount, uint8((row >> 156) & 0xf))
            );
        }
    }

    /// Whether an item is of the workflow in the low 8 bits, in one of the states of the 32 above.
    function _isIn(Stored storage found, uint256 guard) private view returns (bool) {
        return found.workflow == uint8(guard) && (uint32(guard >> 8) >> found.state) & 1 == 1;
    }
}
