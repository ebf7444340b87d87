import Testing

@testable import JSON

@Suite struct DecimalTests {
    static let normal: [(text: String, plain: String?)] = [
        ("0", "0"), ("-0", "0"), ("+0.0", "0"), ("0e5", "0"), ("007", "7"), ("2.50", "2.5"), ("-0.5e-2", "-0.005"), ("1e3", "1000"),
        ("1E+3", "1000"),
        ("1.5e1", "15"), ("1.25e1", "12.5"), (".5", "0.5"), ("5.", "5"), ("+5", "5"), ("-5.10", "-5.1"),
        ("123456789.123456789", "123456789.123456789"),
        ("0.000000001", "0.000000001"), ("1e399", "1" + String(repeating: "0", count: 399)), ("1e400", nil), ("0e400", "0"), ("", nil),
        ("-", nil), (".", nil), ("e5", nil), ("1e", nil),
        ("1e5.5", nil), ("1e401", nil), ("1e-401", nil), ("1e9223372036854775807", nil), ("1e-9223372036854775808", nil),
        ("1e99999999999999999999", nil),
        ("0x10", nil), ("1_000", nil), ("1,5", nil), (" 1", nil), ("1 ", nil), ("--1", nil), ("nan", nil), (".inf", nil), ("١", nil),
        (String(repeating: "9", count: 400), String(repeating: "9", count: 400)), (String(repeating: "9", count: 401), nil),
    ]

    @Test(arguments: normal) func `a decimal in plain notation`(_ text: String, _ plain: String?) {
        #expect(Decimal.normalise(text) == plain)
        if let plain { #expect(Decimal.normalise(plain) == plain, "what is plain stays as it is") }
    }

    static let nanos: [(text: String, count: Int64?)] = [
        ("0", 0), ("1", 1_000_000_000), ("-1.5", -1_500_000_000), ("0.000000001", 1), ("1e-9", 1), ("0.0000000010", 1),
        ("0.0000000001", nil), ("1e-10", nil),
        ("9223372036.854775807", .max), ("9223372036.854775808", nil), ("-9223372036.854775807", -.max), ("9223372037", nil), ("1e10", nil),
        ("x", nil),
        ("-0.000000001", -1), ("1e400", nil),
    ]

    @Test(arguments: nanos) func `a decimal in units of a billionth`(_ text: String, _ count: Int64?) {
        #expect(Decimal.nanoUnits(text) == count)
    }

    @Test func `billionths and text are each other's inverse`() {
        var random = SplitMix(seed: 3)
        let known: [Int64] = [0, 1, -1, 999_999_999, 1_000_000_000, .max, -.max]
        for count in known + (0..<2000).map({ _ in Int64(bitPattern: random.next()) >> Int64(random.below(60)) }) where count != .min {
            #expect(Decimal.nanoUnits(Decimal.text(nanoUnits: count)) == count)
        }
        #expect(Decimal.text(nanoUnits: .min) == "-9223372036.854775808")
        #expect(Decimal.text(nanoUnits: 1_500_000_000) == "1.5")
        #expect(Decimal.text(sumOfNanoUnits: -1_000_000_001 * Int128(Int64.max)) == "-9223372046078147843.854775807")
    }
}
