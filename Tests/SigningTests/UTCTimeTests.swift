import Signing
import Testing

@Suite struct UTCTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-31T12:00:00Z", 1_769_860_800), ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("1969-12-31T23:59:59Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ]) func `a time is read and written`(_ text: String, _ seconds: Int64)
    {
        #expect(UTCTime(text)?.secondsSince1970 == seconds)
        #expect(UTCTime(secondsSince1970: seconds)?.description == text)
    }

    @Test(
        arguments: [
            "", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31t12:00:00z", "2026-01-31 12:00:00Z", "2026-02-29T12:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00.5Z", "+026-01-31T12:00:00Z",
            "2026-01-31T12:00:-1Z", "0000-01-01T00:00:00Z", "20260-01-31T1:00:00Z", "２6-01-31T12:00:00Z",
        ]) func `what is not written so is no time`(_ text: String)
    {
        #expect(UTCTime(text) == nil)
    }

    @Test func `a time beyond the calendar is none`() {
        #expect(UTCTime(secondsSince1970: 253_402_300_800) == nil && UTCTime(secondsSince1970: -62_135_596_801) == nil)
        #expect(UTCTime(secondsSince1970: .max) == nil && UTCTime(secondsSince1970: .min) == nil)
    }
}
