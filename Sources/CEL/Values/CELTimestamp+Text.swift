extension CELTimestamp {
    /// RFC 3339: `2009-02-13T23:31:30.5Z`, `2009-02-13T23:31:30+01:00`.
    public init?(text: String) {
        var reader = DigitReader(text)
        guard let year = reader.digits(4), reader.take("-"), let month = reader.digits(2), reader.take("-"), let day = reader.digits(2),
            reader.take("T") || reader.take("t"), let hour = reader.digits(2), reader.take(":"), let minute = reader.digits(2),
            reader.take(":"), let second = reader.digits(2)
        else { return nil }
        var nanoseconds: Int64 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        var offset: Int64 = 0
        if !reader.take("Z"), !reader.take("z") {
            let isNegative = reader.take("-")
            guard isNegative || reader.take("+"), let hours = reader.digits(2), reader.take(":"), let minutes = reader.digits(2),
                hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isNegative ? -60 : 60)
        }
        guard reader.isAtEnd, (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, year: year), hour < 24, minute < 60,
            second < 60
        else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        self.init(seconds: days * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanoseconds: Int32(nanoseconds))
    }

    /// RFC 3339 in UTC, with as many decimals as are needed.
    public var text: String {
        let (days, rest) = floorDivide(seconds, 86_400)
        let date = CivilDate(daysSince1970: days)
        return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T" + padded(rest / 3_600, 2) + ":"
            + padded(rest / 60 % 60, 2) + ":" + padded(rest % 60, 2) + decimals(Int64(nanoseconds)) + "Z"
    }
}

/// A date of the proleptic Gregorian calendar.
struct CivilDate {
    var year: Int64
    /// 1...12
    var month: Int64
    /// 1...31
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970 days: Int64) {
        // Counts eras of 400 years from 0000-03-01, so that the leap day ends a year.
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSince1970: Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shifted, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// 0 for 1 January.
    var dayOfYear: Int64 { daysSince1970 - CivilDate(year: year, month: 1, day: 1).daysSince1970 }

    static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func days(inMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Reads fixed fields of digits.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    mutating func digits(_ count: Int) -> Int64? {
        guard position + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// One to nine decimals, as nanoseconds.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = digit() {
            value = value * 10 + digit
            count += 1
            if count > 9 { return nil }
        }
        guard count > 0 else { return nil }
        for _ in count..<9 { value *= 10 }
        return value
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (48...57).contains(bytes[position]) else { return nil }
        position += 1
        return Int64(bytes[position - 1]) - 48
    }
}

func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

/// `.5` for 500,000,000 nanoseconds, nothing for 0.
func decimals(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "" }
    var digits = Substring(padded(nanoseconds, 9))
    while digits.last == "0" { digits.removeLast() }
    return "." + digits
}
