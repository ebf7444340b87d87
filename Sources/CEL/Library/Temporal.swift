/// Accessors of timestamps and durations (cel-spec langdef: Timestamps, Durations).
enum Temporal {
    static func apply(_ function: CELFunction, _ arguments: [CELValue]) -> CELValue {
        switch (arguments[0], arguments.count) {
        case (.duration(let length), 1): part(function, of: length) ?? .noOverload(function.name, arguments[0])
        case (.timestamp(let time), 1): part(function, of: time, offset: 0)
        case (.timestamp(let time), 2): zoned(function, time, arguments[1])
        default: .noOverload(function.name, operands: arguments)
        }
    }

    private static func zoned(_ function: CELFunction, _ time: CELTimestamp, _ zone: CELValue) -> CELValue {
        guard case .string(let name) = zone else { return .noOverload(function.name, .timestamp(time), zone) }
        guard let offset = TimeZones.offset(of: name, at: time.seconds) else {
            return .failure(.invalidArgument, "unknown time zone: \(zone.text)")
        }
        return part(function, of: time, offset: offset)
    }

    private static func part(_ function: CELFunction, of length: CELDuration) -> CELValue? {
        switch function {
        case .getHours: .int(length.nanoseconds / 3_600_000_000_000)
        case .getMinutes: .int(length.nanoseconds / 60_000_000_000)
        case .getSeconds: .int(length.nanoseconds / 1_000_000_000)
        case .getMilliseconds: .int(length.nanoseconds / 1_000_000 % 1_000)
        default: nil
        }
    }

    /// A part of the time that clocks `offset` seconds ahead of UTC show.
    private static func part(_ function: CELFunction, of time: CELTimestamp, offset: Int64) -> CELValue {
        let (days, second) = floorDivide(time.seconds + offset, 86_400)
        let date = CivilDate(daysSince1970: days)
        return switch function {
        case .getFullYear, .getFullYearIn: .int(date.year)
        case .getMonth, .getMonthIn: .int(date.month - 1)
        case .getDate, .getDateIn: .int(date.day)
        case .getDayOfMonth, .getDayOfMonthIn: .int(date.day - 1)
        // 1 January 1970 was a Thursday; 0 is Sunday.
        case .getDayOfWeek, .getDayOfWeekIn: .int(floorDivide(days + 4, 7).remainder)
        case .getDayOfYear, .getDayOfYearIn: .int(date.dayOfYear)
        case .getHours, .getHoursIn: .int(second / 3_600)
        case .getMinutes, .getMinutesIn: .int(second / 60 % 60)
        case .getSeconds, .getSecondsIn: .int(second % 60)
        default: .int(Int64(time.nanoseconds) / 1_000_000)
        }
    }
}
