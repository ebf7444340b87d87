import HTTPService
import Testing

@testable import struct HTTPService.HTTPDate

@Suite struct ProblemTests {
    @Test func `a problem is RFC 9457 JSON with its strings escaped`() {
        let problem = Problem(
            type: "/problems/x", title: "a\"b\\", status: 422, detail: "\u{00}\u{1F}\n\u{7F}é😀", instance: "/i",
            errors: [.init(pointer: "/a~1b/0", detail: "d"), .init(pointer: "", detail: "e")])
        #expect(
            String(decoding: problem.json(), as: UTF8.self)
                == #"{"type":"/problems/x","title":"a\"b\\","status":422,"detail":"\u0000\u001f\n\u007fé😀","instance":"/i","#
                + #""errors":[{"pointer":"/a~1b/0","detail":"d"},{"pointer":"","detail":"e"}]}"#)
    }

    @Test func `a problem's status is the response's`() {
        #expect(HTTPResponse.problem(Problem(status: .forbidden)).status == .forbidden)
        #expect(HTTPResponse.problem(Problem(title: "x", status: 200)).status == .internalServerError)
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"), (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func `a date is an IMF-fixdate`(seconds: Int, text: String) {
        #expect(HTTPDate.format(seconds) == text)
    }
}
