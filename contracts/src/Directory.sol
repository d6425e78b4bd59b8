// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may act: organisations, their parents, and the addresses that act for them in which roles.
/// @notice City authorities set everything; a district authority the actors of its own organisations; the platform operator users. Roles are
/// bits of a mask; four kinds of them have a meaning here, the others only in the rule pack.
/// @custom:source docs/data-platform.md, section 2 (Organisations); SZ 3, 5-8, 28
contract Directory {
    /// @notice The sender may not set this.
    error NotAuthorised();
    /// @notice The organisation, its parent or its kind is not one that can be set so.
    error OrganisationInvalid();
    /// @notice The address is zero, or acts for another organisation already.
    error ActorInvalid();
    /// @notice Nobody changes their own entry, so that a city authority always remains.
    error OwnEntry();

    /// @notice An organisation was set. `document` is the SHA-256 of what describes it.
    event OrganisationSet(
        uint32 indexed id, uint32 indexed parent, uint8 kind, bool active, bytes32 document, address by
    );
    /// @notice An actor was set.
    event ActorSet(address indexed who, uint32 indexed organisation, uint32 roles, bool active, address by);
    /// @notice What district authorities may grant was set.
    event DistrictRolesSet(uint32 roles, address by);

    struct Actor {
        uint32 organisation; // 0: a person without one
        uint32 roles;
        bool active;
    }

    struct Organisation {
        uint32 parent; // 0: none
        uint8 kind; // 0: there is no such organisation
        bool active;
    }

    /// @notice Role bits that this contract reads.
    uint32 public constant CITY_AUTHORITY = 1 << 0;
    uint32 public constant DISTRICT_AUTHORITY = 1 << 1;
    uint32 public constant PLATFORM_OPERATOR = 1 << 7;
    uint32 public constant USERS = 7 << 9; // person, legal person, unincorporated organisation

    /// @notice Kinds of organisations that this contract reads.
    uint8 public constant KIND_AUTHORITY = 1;
    uint8 public constant KIND_USER = 4;
    uint8 public constant KIND_LAST = 8;

    mapping(address who => Actor) private actors;
    mapping(uint32 id => Organisation) private organisations;

    /// @notice Roles that a district authority may grant in its own organisations.
    uint32 public districtRoles = 1 << 2 | 1 << 3; // owner organisation, its committee

    /// @param firstAuthority the first city authority's address
    /// @param organisation_ the id of its organisation, which is created
    /// @param document SHA-256 of what describes that organisation
    constructor(address firstAuthority, uint32 organisation_, bytes32 document) {
        if (firstAuthority == address(0)) revert ActorInvalid();
        if (organisation_ == 0) revert OrganisationInvalid();
        organisations[organisation_] = Organisation(0, KIND_AUTHORITY, true);
        emit OrganisationSet(organisation_, 0, KIND_AUTHORITY, true, document, msg.sender);
        actors[firstAuthority] = Actor(organisation_, CITY_AUTHORITY, true);
        emit ActorSet(firstAuthority, organisation_, CITY_AUTHORITY, true, msg.sender);
    }

    /// @notice Creates or changes an organisation. Its id and its kind are permanent.
    /// @param id from 1
    /// @param parent an organisation that exists, or 0
    /// @param kind 1 authority, 2 public body, 3 platform operator, 4 user organisation, 5 regulator, 6 government, 7 committee, 8 other
    /// @param active whether its actors may act
    /// @param document SHA-256 of what describes it
    function setOrganisation(uint32 id, uint32 parent, uint8 kind, bool active, bytes32 document) external {
        (uint32 own, uint32 roles) = standing(msg.sender);
        if (roles & CITY_AUTHORITY == 0) {
            if (roles & PLATFORM_OPERATOR == 0 || kind != KIND_USER || parent != 0) revert NotAuthorised();
        }
        if (id != 0 && id == own) revert OwnEntry();
        uint8 before = organisations[id].kind;
        if (id == 0 || parent == id || kind == 0 || kind > KIND_LAST || (before != 0 && before != kind)) {
            revert OrganisationInvalid();
        }
        if (parent != 0 && organisations[parent].kind == 0) revert OrganisationInvalid();
        organisations[id] = Organisation(parent, kind, active);
        emit OrganisationSet(id, parent, kind, active, document, msg.sender);
    }

    /// @notice Sets for which organisation an address acts, and in which roles. An organisation is for ever: colleagues act for each other in
    /// `Workflows`, so that whoever moves would take cases along. They get another address.
    function setActor(address who, uint32 organisation_, uint32 roles, bool active) external {
        if (who == address(0)) revert ActorInvalid();
        if (who == msg.sender) revert OwnEntry();
        if (organisation_ != 0 && organisations[organisation_].kind == 0) revert OrganisationInvalid();
        _authorise(who, organisation_, roles);
        uint32 before = actors[who].organisation;
        if (before != 0 && before != organisation_) revert ActorInvalid();
        actors[who] = Actor(organisation_, roles, active);
        emit ActorSet(who, organisation_, roles, active, msg.sender);
    }

    /// @notice Sets which roles a district authority may grant; never those of authorities, the platform operator or users.
    function setDistrictRoles(uint32 roles) external {
        (, uint32 own) = standing(msg.sender);
        if (own & CITY_AUTHORITY == 0) revert NotAuthorised();
        if (roles & (CITY_AUTHORITY | DISTRICT_AUTHORITY | PLATFORM_OPERATOR | USERS) != 0) revert NotAuthorised();
        districtRoles = roles;
        emit DistrictRolesSet(roles, msg.sender);
    }

    /// @notice For whom an address may act now. `roles` is 0 for somebody unknown, inactive, or of an inactive organisation.
    function standing(address who) public view returns (uint32 organisation_, uint32 roles) {
        Actor memory found = actors[who];
        if (!found.active) return (0, 0);
        if (found.organisation != 0 && !organisations[found.organisation].active) return (0, 0);
        return (found.organisation, found.roles);
    }

    /// @notice The parent of an organisation, or 0.
    function parentOf(uint32 id) external view returns (uint32) {
        return organisations[id].parent;
    }

    /// @notice What is set for an address, active or not.
    function actor(address who) external view returns (uint32 organisation_, uint32 roles, bool active) {
        Actor memory found = actors[who];
        return (found.organisation, found.roles, found.active);
    }

    /// @notice What is set for an organisation; `kind` is 0 where there is none.
    function organisation(uint32 id) external view returns (uint32 parent, uint8 kind, bool active) {
        Organisation memory found = organisations[id];
        return (found.parent, found.kind, found.active);
    }

    /// Whoever is not a city authority stays within its own field, before the change and after it.
    function _authorise(address who, uint32 organisation_, uint32 roles) private view {
        (uint32 own, uint32 ownRoles) = standing(msg.sender);
        if (ownRoles & CITY_AUTHORITY != 0) return;
        Actor memory before = actors[who];
        bool known = before.organisation != 0 || before.roles != 0;
        if (ownRoles & DISTRICT_AUTHORITY != 0 && own != 0) {
            bool after_ = roles & ~districtRoles == 0 && _isChild(organisation_, own);
            bool before_ = !known || (before.roles & ~districtRoles == 0 && _isChild(before.organisation, own));
            if (after_ && before_) return;
        }
        if (ownRoles & PLATFORM_OPERATOR != 0) {
            bool after_ = roles & ~USERS == 0 && _isForUsers(organisation_);
            if (after_ && (!known || (before.roles & ~USERS == 0 && _isForUsers(before.organisation)))) return;
        }
        revert NotAuthorised();
    }

    function _isChild(uint32 id, uint32 parent) private view returns (bool) {
        return id != 0 && organisations[id].parent == parent;
    }

    function _isForUsers(uint32 id) private view returns (bool) {
        return id == 0 || organisations[id].kind == KIND_USER;
    }
}
