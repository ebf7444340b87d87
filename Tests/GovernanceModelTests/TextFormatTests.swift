import GovernanceModel
import Testing

@Suite struct TextFormatTests {
    static let names: [(name: String, kind: Kind?, isValid: Bool)] = [
        ("ada", nil, true), ("a", nil, true), ("0", nil, true), ("a-b.c_d", nil, true), ("a--b", nil, true), ("", nil, false),
        ("-a", nil, false),
        ("a-", nil, false), (".a", nil, false), ("a_", nil, false), ("Ada", nil, false), ("a b", nil, false), ("a/b", nil, false),
        ("é", nil, false),
        ("a\n", nil, false), ("a\0b", nil, false), ("..", nil, false), (String(repeating: "a", count: 128), nil, true),
        (String(repeating: "a", count: 129), nil, false), ("openai/gpt-5.4", .model, true), ("gpt", .model, false),
        ("a/b/c", .model, false),
        ("/b", .model, false), ("a/", .model, false), ("a/-b", .model, false), ("A/b", .model, false), ("a/b", .user, false),
        ("a/b", .policy, false),
    ]

    @Test(arguments: names) func `a name is valid or not`(_ name: String, _ kind: Kind?, _ isValid: Bool) {
        #expect(Names.isValid(name, for: kind) == isValid)
    }

    static let periods: [(text: String, nanoseconds: Int64?)] = [
        ("1ms", 1_000_000), ("500ms", 500_000_000), ("5s", 5_000_000_000), ("15m", 900_000_000_000), ("1h", 3_600_000_000_000),
        ("30d", 2_592_000_000_000_000),
        ("106751d", 9_223_286_400_000_000_000), ("106752d", nil), ("0s", nil), ("-1s", nil), ("+1s", nil), ("1.5h", nil), ("1", nil),
        ("s", nil), ("", nil),
        ("1w", nil), ("1S", nil), ("1 s", nil), ("1h30m", nil), ("١s", nil), ("99999999999999999999s", nil), ("007s", 7_000_000_000),
    ]

    @Test(arguments: periods) func `a period in nanoseconds`(_ text: String, _ nanoseconds: Int64?) {
        #expect(Period.nanoseconds(text) == nanoseconds)
    }

    static let timestamps: [(text: String, seconds: Int64?)] = [
        ("1970-01-01", 0), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", -1), ("2026-01-31", 1_769_817_600),
        ("2026-01-31T12:00:00Z", 1_769_860_800),
        ("2026-01-31t12:00:00z", 1_769_860_800), ("2026-01-31T12:00:00.999Z", 1_769_860_800), ("2026-01-31T14:30:00+02:30", 1_769_860_800),
        ("2026-01-31T07:00:00-05:00", 1_769_860_800), ("2000-02-29", 951_782_400), ("1900-02-28", -2_203_977_600),
        ("0001-01-01", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799), ("1900-02-29", nil), ("2026-02-29", nil), ("2026-02-30", nil), ("2026-13-01", nil),
        ("2026-00-01", nil),
        ("2026-01-00", nil), ("2026-04-31", nil), ("2026-1-1", nil), ("20260131", nil), ("2026-01-31T", nil), ("2026-01-31T12:00", nil),
        ("2026-01-31T12:00:00", nil), ("2026-01-31 12:00:00Z", nil), ("2026-01-31T24:00:00Z", nil), ("2026-01-31T12:60:00Z", nil),
        ("2026-01-31T12:00:60Z", nil), ("2026-01-31T12:00:00.Z", nil), ("2026-01-31T12:00:00+2:00", nil), ("2026-01-31T12:00:00+0200", nil),
        ("2026-01-31T12:00:00+24:00", nil), ("2026-01-31T12:00:00Z ", nil), ("", nil), ("tomorrow", nil), ("2026-01-31T12:00:00ZZ", nil),
    ]

    @Test(arguments: timestamps) func `a date or time in seconds since 1970`(_ text: String, _ seconds: Int64?) {
        #expect(Timestamp.seconds(text) == seconds)
    }

    @Test func `dates follow each other by a day, leap years and centuries included`() {
        var expected: Int64 = 946_684_800
        for year in 2000...2101 {
            for month in 1...12 {
                let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
                let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
                func text(_ day: Int) -> String { "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)" }
                for day in 1...days {
                    #expect(Timestamp.seconds(text(day)) == expected)
                    expected += 86_400
                }
                #expect(Timestamp.seconds(text(days + 1)) == nil)
            }
        }
    }

    static let subjects: [(text: String, kind: Kind?, name: String)] = [
        ("user:ada", .user, "ada"), ("service-account:robot", .serviceAccount, "robot"), ("team:core", .team, "core"),
        ("role:admin", .role, "admin"),
        ("user:", nil, ""), ("ada", nil, ""), (":ada", nil, ""), ("User:ada", nil, ""), ("group:x", nil, ""), ("user:a:b", .user, "a:b"),
    ]

    @Test(arguments: subjects) func `a subject is named by type and name`(_ text: String, _ kind: Kind?, _ name: String) {
        #expect(SubjectReference(text)?.kind == kind && (SubjectReference(text)?.name ?? "") == name)
    }
}
