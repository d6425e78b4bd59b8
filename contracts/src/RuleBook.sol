// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "./Directory.sol";

/// @title The rule packs in force, as rows, and the working days that their clocks count.
/// @notice A city authority publishes a pack in parts and seals it; a sealed pack never changes. The pack in force at a time is the sealed
/// one with the latest `effectiveFrom` that is not after it.
/// @custom:source docs/data-platform.md, sections 1 and 2
contract RuleBook {
    /// @notice The sender is not a city authority.
    error NotAuthorised();
    /// @notice The pack is sealed.
    error PackSealed();
    /// @notice The pack has no row, or is number 0.
    error PackEmpty();
    /// @notice A key or a row is not of the agreed form, or there are not as many keys as rows.
    error RowInvalid();
    /// @notice Fewer or more rows are published than the sealer says.
    error RowCountWrong();
    /// @notice Packs are sealed in the order in which they come into force.
    error EffectiveFromNotLater();
    /// @notice The offset is more than 14 hours.
    error ZoneInvalid();
    /// @notice The year is out of range, or has bits after its last day.
    error YearInvalid();
    /// @notice There is no such unit of time.
    error UnitInvalid();

    /// @notice Rows of a pack that is not sealed yet; a row of 0 took one back.
    event RulesPublished(uint16 indexed pack, uint32[] keys, uint256[] rows);
    /// @notice A pack is complete. `document` is the SHA-256 of its file in canonical JSON.
    event RulesSealed(
        uint16 indexed pack, uint64 effectiveFrom, int32 utcOffset, uint32 rowCount, bytes32 document
    );
    /// @notice The working days of a year: bit i of the first number, then of the second, is day 1 + i.
    event WorkingDaysSet(uint16 indexed year, uint256[2] bits);

    struct Pack {
        uint64 effectiveFrom;
        int32 utcOffset; // seconds
        uint32 rowCount;
        bool isSealed;
        bytes32 document;
    }

    struct InForce {
        uint64 effectiveFrom;
        uint16 pack;
    }

    /// @notice Units of a clock.
    uint8 public constant UNIT_DAY = 1;
    uint8 public constant UNIT_WORKING_DAY = 2;
    uint8 public constant UNIT_MONTH = 3;
    uint8 public constant UNIT_YEAR = 4;

    uint256 private constant PRESENT = 1 << 160;
    uint256 private constant ROW_BITS = 208;

    mapping(uint256 packAndKey => uint256) private rows;
    mapping(uint16 number => Pack) private packs;
    InForce[] private succession;
    mapping(uint256 year => uint256[2]) private workingDays;

    /// @notice Who is a city authority.
    Directory public immutable directory;

    constructor(Directory directory_) {
        directory = directory_;
    }

    modifier onlyCityAuthority() {
        (, uint32 roles) = directory.standing(msg.sender);
        if (roles & 1 == 0) revert NotAuthorised();
        _;
    }

    /// @notice Writes rows of a pack that is not sealed. A row of 0 takes one back.
    /// @param keys `workflow << 16 | action << 8 | from`
    function publish(uint16 pack, uint32[] calldata keys, uint256[] calldata rows_) external onlyCityAuthority {
        if (pack == 0) revert PackEmpty();
        Pack storage target = packs[pack];
        if (target.isSealed) revert PackSealed();
        if (keys.length != rows_.length) revert RowInvalid();
        uint32 count = target.rowCount;
        for (uint256 i = 0; i < keys.length; ++i) {
            uint256 value = rows_[i];
            _checkRow(keys[i], value);
            uint256 slot = uint256(pack) << 32 | keys[i];
            if (rows[slot] == 0 && value != 0) ++count;
            if (rows[slot] != 0 && value == 0) --count;
            rows[slot] = value;
        }
        target.rowCount = count;
        emit RulesPublished(pack, keys, rows_);
    }

    /// @notice Completes a pack: it comes into force at `effectiveFrom` and never changes.
    /// @param utcOffset seconds that the pack's zone is ahead of UTC
    /// @param rowCount how many rows it has, so that a part that failed is noticed
    /// @param document SHA-256 of the pack's file in canonical JSON
    function seal(uint16 pack, uint64 effectiveFrom, int32 utcOffset, uint32 rowCount, bytes32 document)
        external
        onlyCityAuthority
    {
        Pack storage target = packs[pack];
        if (target.isSealed) revert PackSealed();
        if (target.rowCount == 0) revert PackEmpty();
        if (target.rowCount != rowCount) revert RowCountWrong();
        if (utcOffset > 14 hours || utcOffset < -14 hours) revert ZoneInvalid();
        uint256 length = succession.length;
        if (length != 0 && succession[length - 1].effectiveFrom >= effectiveFrom) revert EffectiveFromNotLater();
        packs[pack] = Pack(effectiveFrom, utcOffset, rowCount, true, document);
        succession.push(InForce(effectiveFrom, pack));
        emit RulesSealed(pack, effectiveFrom, utcOffset, rowCount, document);
    }

    /// @notice Sets the working days of a year, as the State Council's notice has them; all zero takes them back. Deadlines that run stay.
    function setWorkingDays(uint16 year, uint256[2] calldata bits) external onlyCityAuthority {
        if (year < 1970 || year > 9999) revert YearInvalid();
        uint256 inSecond = (_isLeap(year) ? 366 : 365) - 256;
        if (bits[1] >> inSecond != 0) revert YearInvalid();
        workingDays[year] = bits;
        emit WorkingDaysSet(year, bits);
    }

    /// @notice One row of a pack; 0: the transition does not exist.
    function row(uint16 pack, uint32 key) external view returns (uint256) {
        return rows[uint256(pack) << 32 | key];
    }

    /// @notice The pack in force at a time; 0: none.
    function inForce(uint64 time) public view returns (uint16 pack) {
        for (uint256 i = succession.length; i > 0; --i) {
            InForce memory entry = succession[i - 1];
            if (entry.effectiveFrom <= time) return entry.pack;
        }
        return 0;
    }

    /// @notice The pack in force at a time and its row in one call.
    function rowInForce(uint64 time, uint32 key) external view returns (uint16 pack, uint256 row_) {
        pack = inForce(time);
        row_ = rows[uint256(pack) << 32 | key];
    }

    /// @notice What is known of a pack, sealed or not.
    function packOf(uint16 number)
        external
        view
        returns (uint64 effectiveFrom, int32 utcOffset, uint32 rowCount, bool isSealed, bytes32 document)
    {
        Pack memory found = packs[number];
        return (found.effectiveFrom, found.utcOffset, found.rowCount, found.isSealed, found.document);
    }

    /// @notice The working days that are set for a year; all zero: none are, and Monday to Friday count.
    function workingDaysOf(uint16 year) external view returns (uint256[2] memory bits) {
        return workingDays[year];
    }

    /// @notice When a clock that starts at `from` ends: the first second after its last day, in the pack's zone.
    /// @param unit 1 day, 2 working day, 3 month, 4 year
    function deadline(uint16 pack, uint64 from, uint16 amount, uint8 unit) external view returns (uint64) {
        int256 offset = packs[pack].utcOffset;
        // A time before the zone's 1970 has no day here; block times are later.
        uint256 day = uint256(int256(uint256(from)) + offset) / 1 days;
        if (unit == UNIT_DAY) day += amount;
        else if (unit == UNIT_WORKING_DAY) day = _afterWorkingDays(day, amount);
        else if (unit == UNIT_MONTH) day = _afterMonths(day, amount);
        else if (unit == UNIT_YEAR) day = _afterMonths(day, uint256(amount) * 12);
        else revert UnitInvalid();
        return uint64(uint256(int256((day + 1) * 1 days) - offset));
    }

    function _checkRow(uint32 key, uint256 value) private pure {
        if (key >> 24 != 0 || key >> 16 == 0 || (key >> 8) & 0xff == 0 || key & 0xff > 31) revert RowInvalid();
        if (value == 0) return;
        bool wellFormed = value & PRESENT != 0 && value >> ROW_BITS == 0 && value & 0xff < 32 && value & 0xff != 0
            && (value >> 8) & type(uint32).max != 0 && (value >> 40) & 0xff < 8 && (value >> 163) & 3 < 3
            && (value >> 166) & 3 == 0;
        uint256 amount = (value >> 140) & 0xffff;
        uint256 unit = (value >> 156) & 0xf;
        wellFormed = wellFormed && (amount == 0 || amount == 0xffff ? unit == 0 : unit >= 1 && unit <= 4);
        if (!wellFormed) revert RowInvalid();
    }

    /// The n-th working day after `day`, both as days since 1970-01-01.
    function _afterWorkingDays(uint256 day, uint256 n) private view returns (uint256) {
        (uint256 year,,) = _civil(day);
        uint256 first = _daysBefore(year, 1, 1);
        uint256[2] memory bits = workingDays[year];
        while (n > 0) {
            ++day;
            uint256 index = day - first;
            if (index >= 365 && index == (_isLeap(year) ? 366 : 365)) {
                ++year;
                first = day;
                index = 0;
                bits = workingDays[year];
            }
            bool known = bits[0] | bits[1] != 0;
            // 1970-01-01 was a Thursday.
            if (known ? (bits[index >> 8] >> (index & 255)) & 1 == 1 : (day + 3) % 7 < 5) --n;
        }
        return day;
    }

    /// The same day of the month `n` months later, or that month's last.
    function _afterMonths(uint256 day, uint256 n) private pure returns (uint256) {
        (uint256 year, uint256 month, uint256 dayOfMonth) = _civil(day);
        uint256 months = year * 12 + month - 1 + n;
        (year, month) = (months / 12, months % 12 + 1);
        uint256 first = _daysBefore(year, month, 1);
        uint256 length = (month == 12 ? _daysBefore(year + 1, 1, 1) : _daysBefore(year, month + 1, 1)) - first;
        return first + (dayOfMonth < length ? dayOfMonth : length) - 1;
    }

    function _isLeap(uint256 year) private pure returns (bool) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }

    /// Days since 1970-01-01 as a date of the Gregorian calendar; years begin in March inside, so that leap days come last.
    function _civil(uint256 day) private pure returns (uint256 year, uint256 month, uint256 dayOfMonth) {
        uint256 shifted = day + 719468;
        uint256 era = shifted / 146097;
        uint256 dayOfEra = shifted % 146097;
        uint256 yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
        uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        uint256 shiftedMonth = (5 * dayOfYear + 2) / 153;
        dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    }

    /// The inverse of `_civil`.
    function _daysBefore(uint256 year, uint256 month, uint256 dayOfMonth) private pure returns (uint256) {
        if (month <= 2) --year;
        uint256 era = year / 400;
        uint256 yearOfEra = year % 400;
        uint256 dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1;
        return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
    }
}
