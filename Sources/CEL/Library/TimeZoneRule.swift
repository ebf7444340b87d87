/// A rule that goes on for ever, in the notation of POSIX: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct TimeZoneRule: Sendable {
    /// A day of the year and a time on it.
    private enum Day {
        /// The nth such weekday of a month; the fifth is the last.
        case weekday(month: Int64, week: Int64, day: Int64)
        /// 1...365, 29 February not counted.
        case julian(Int64)
        /// 0...365
        case ordinal(Int64)
    }

    private var standard: Int64 = 0
    private var summer: (offset: Int64, start: (day: Day, time: Int64), end: (day: Day, time: Int64))?

    init?(_ text: String) {
        var rest = Substring(text).utf8
        guard Self.skipName(&rest), let offset = Self.time(&rest) else { return nil }
        // West is positive there.
        standard = -offset
        if rest.isEmpty { return }
        guard Self.skipName(&rest) else { return nil }
        var summerOffset = standard + 3_600
        if rest.first != UInt8(ascii: ",") {
            guard let offset = Self.time(&rest) else { return nil }
            summerOffset = -offset
        }
        guard let start = Self.change(&rest), let end = Self.change(&rest), rest.isEmpty else { return nil }
        summer = (summerOffset, start, end)
    }

    func offset(at seconds: Int64) -> Int64 {
        guard let summer else { return standard }
        let year = CivilDate(daysSince1970: floorDivide(seconds + standard, 86_400).quotient).year
        let start = Self.seconds(summer.start, year) - standard
        let end = Self.seconds(summer.end, year) - summer.offset
        // In the south, summer lasts over the new year.
        let isSummer = start < end ? (start..<end).contains(seconds) : !(end..<start).contains(seconds)
        return isSummer ? summer.offset : standard
    }

    /// Seconds since 1970 on the zone's clocks.
    private static func seconds(_ change: (day: Day, time: Int64), _ year: Int64) -> Int64 {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSince1970
        let day: Int64
        switch change.day {
        case .ordinal(let number): day = newYear + number
        case .julian(let number): day = newYear + number - 1 + (CivilDate.isLeap(year) && number >= 60 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).daysSince1970
            var number = floorDivide(weekday - floorDivide(first + 4, 7).remainder, 7).remainder + (week - 1) * 7
            if number >= CivilDate.days(inMonth: month, year: year) { number -= 7 }
            day = first + number
        }
        return day * 86_400 + change.time
    }

    private static func skipName(_ rest: inout Substring.UTF8View) -> Bool {
        if rest.first == UInt8(ascii: "<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let name = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(name.count)
        return !name.isEmpty
    }

    private static func number(_ rest: inout Substring.UTF8View) -> Int64? {
        let digits = rest.prefix { $0.isDigit }
        guard !digits.isEmpty, digits.count <= 4 else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
    }

    private static func take(_ character: Unicode.Scalar, _ rest: inout Substring.UTF8View) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// `[+-]hours[:minutes[:seconds]]`
    private static func time(_ rest: inout Substring.UTF8View) -> Int64? {
        let sign: Int64 = take("-", &rest) ? -1 : 1
        if sign > 0 { _ = take("+", &rest) }
        guard var seconds = number(&rest).map({ $0 * 3_600 }) else { return nil }
        for unit in [Int64(60), 1] where take(":", &rest) {
            guard let part = number(&rest) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func change(_ rest: inout Substring.UTF8View) -> (day: Day, time: Int64)? {
        guard take(",", &rest), let day = day(&rest) else { return nil }
        guard take("/", &rest) else { return (day, 7_200) }
        return time(&rest).map { (day, $0) }
    }

    private static func day(_ rest: inout Substring.UTF8View) -> Day? {
        if take("M", &rest) {
            guard let month = number(&rest), (1...12).contains(month), take(".", &rest), let week = number(&rest), (1...5).contains(week),
                take(".", &rest), let day = number(&rest), (0...6).contains(day)
            else { return nil }
            return .weekday(month: month, week: week, day: day)
        }
        if take("J", &rest) { return number(&rest).map { .julian($0) } }
        return number(&rest).map { .ordinal($0) }
    }
}
