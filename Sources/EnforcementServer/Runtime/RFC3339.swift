/// Times of RFC 3339 §5.6.
enum RFC3339 {
    /// The same time in UTC, which a database takes; `nil` for what is no such time, or falls out of the years 1 to 9999.
    ///
    /// Postgres refuses offsets of 16 hours and more, which the standard has.
    static func utc(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int? {
            guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return bytes[range].reduce(0) { $0 * 10 + Int($1) - 48 }
        }
        guard bytes.count >= 20, let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[13] == 0x3a,
            bytes[16] == 0x3a, bytes[10] | 0x20 == UInt8(ascii: "t"), (1...12).contains(month), year > 0, hour < 24, minute < 60,
            second < 61, (1...days(of: month, year)).contains(day)
        else { return nil }
        var place = 19
        if bytes[place] == UInt8(ascii: ".") {
            place += 1
            while place < bytes.count, (0x30...0x39).contains(bytes[place]) { place += 1 }
            guard (21...29).contains(place) else { return nil }
        }
        guard let offset = offset(bytes[place...], number) else { return nil }
        var (utcYear, utcMonth, utcDay, minutes) = (year, month, day, hour * 60 + minute - offset)
        if minutes < 0 {
            minutes += minutesOfDay
            (utcYear, utcMonth, utcDay) = before(utcYear, utcMonth, utcDay)
        } else if minutes >= minutesOfDay {
            minutes -= minutesOfDay
            (utcYear, utcMonth, utcDay) = after(utcYear, utcMonth, utcDay)
        }
        guard (1...9999).contains(utcYear) else { return nil }
        let date = "\(padded(utcYear, 4))-\(padded(utcMonth, 2))-\(padded(utcDay, 2))"
        return "\(date)T\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2)):" + String(decoding: bytes[17..<place], as: UTF8.self) + "Z"
    }

    private static let minutesOfDay = 24 * 60

    /// In minutes.
    private static func offset(_ bytes: ArraySlice<UInt8>, _ number: (Range<Int>) -> Int?) -> Int? {
        let place = bytes.startIndex
        if bytes.count == 1 { return bytes[place] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard bytes.count == 6, bytes[place] == UInt8(ascii: "+") || bytes[place] == UInt8(ascii: "-"), bytes[place + 3] == 0x3a,
            let hours = number(place + 1..<place + 3), let minutes = number(place + 4..<place + 6), hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (bytes[place] == UInt8(ascii: "-") ? -1 : 1)
    }

    private static func days(of month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    private static func before(_ year: Int, _ month: Int, _ day: Int) -> (Int, Int, Int) {
        if day > 1 { return (year, month, day - 1) }
        if month > 1 { return (year, month - 1, days(of: month - 1, year)) }
        return (year - 1, 12, 31)
    }

    private static func after(_ year: Int, _ month: Int, _ day: Int) -> (Int, Int, Int) {
        if day < days(of: month, year) { return (year, month, day + 1) }
        return month < 12 ? (year, month + 1, 1) : (year + 1, 1, 1)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
