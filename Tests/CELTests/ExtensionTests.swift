import Testing

@testable import CEL

@Suite("extensions")
struct ExtensionTests {
    @Test(
        "strings",
        arguments: [
            "'hello'.charAt(4) == 'o' && 'hello'.charAt(5) == ''", "'hello mellow'.indexOf('ello', 2) == 7", "'hello'.indexOf('') == 0",
            "'hello mellow'.lastIndexOf('ello', 6) == 1", "'hello'.lastIndexOf('') == 5",
            "'hello hello'.replace('he', 'we', 1) == 'wello hello'",
            "'ab'.replace('', '-') == '-a-b-'", "'hello hello hello'.split(' ', 2) == ['hello', 'hello hello']",
            "'héy'.split('') == ['h', 'é', 'y']",
            "'a,b'.split(',', 0) == [] && 'a,b'.split(',', 1) == ['a,b']", "''.split(',') == [''] && ''.split('') == []",
            "'tacocat'.substring(0, 4) == 'taco'", "'日本語'.reverse() == '語本日'", "' \\u2003x\\n'.trim() == 'x'",
            "['a', 'b'].join('-') == 'a-b'",
            "strings.quote('a\"\\n') == '\"a\\\\\"\\\\n\"'",
            "'%s %d %.2f %e %x %X %o %b %%'.format([[1, 'a'], 5u, 1.005, 12345.678, 255, 'ÿ', 8, 5]) == '[1, a] 5 1.00 1.234568e+04 ff C3BF 10 101 %'",
            "'%d %s'.format([-3, 1e20]) == '-3 100000000000000000000'", "'%s'.format([1e-7]) == '0.0000001'",
            "'%s'.format([b'a\\xff\\xfeb']) == 'a\\ufffdb'",
            "'%s'.format([{'b': 1, 'a': [type(1), null]}]) == '{a: [int, null], b: 1}'", "'%s'.format([duration('1.5s')]) == '1.5s'",
            "'%x'.format([-10]) == '-a'",
        ])
    func strings(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "math, lists, sets",
        arguments: [
            "math.greatest(1, 2.5, 2u) == 2.5", "math.least([3, 1, 2]) == 1", "math.round(-1.5) == -2.0 && math.trunc(-1.5) == -1.0",
            "math.ceil(1.2) == 2.0 && math.floor(-1.2) == -2.0", "math.bitShiftRight(-1024, 3) == 2305843009213693824",
            "math.bitShiftLeft(1, 64) == 0",
            "math.bitNot(1u) == 18446744073709551614u", "math.bitOr(1, 2, 4) == 7", "math.sign(-3.5) == -1.0", "math.sqrt(16) == 4.0",
            "[1, 2, 3, 4].slice(1, 3) == [2, 3]", "[1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]", "[3, 1, 2].sort() == [1, 2, 3]",
            "['bb', 'a', 'ccc'].sortBy(w, -size(w)) == ['ccc', 'bb', 'a']", "[1, 1.0, 2].distinct() == [1, 2]",
            "lists.range(3) == [0, 1, 2]",
            "[1, 2].first().value() == 1 && [].last() == optional.none()", "[1, 2].reverse() == [2, 1]",
            "sets.contains([1, 2.0, 3u], [1.0, 2u, 3])",
            "sets.equivalent([1], [1, 1]) && !sets.equivalent([1], [2])", "sets.intersects([[1], [2, 3]], [[1, 2], [2, 3.0]])",
            "{'a': 1, 'b': 2}.transformMapEntry(k, v, {v: k}) == {1: 'a', 2: 'b'}", "base64.encode(b'hello') == 'aGVsbG8='",
        ])
    func collections(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "regular expressions",
        arguments: [
            "regex.replace('hello world hello', 'hello', 'hi') == 'hi world hi'", "regex.replace('banana', 'a', 'x', 2) == 'bxnxna'",
            "regex.replace('banana', 'a', 'x', 0) == 'banana'", #"regex.replace('foo bar', '(fo)o (ba)r', r'\2 \1') == 'ba fo'"#,
            "regex.replace('abc', '', '-') == '-a-b-c-'", "regex.extract('item-A, item-B', 'item-(\\\\w+)') == optional.of('A')",
            "regex.extract('HELLO', 'hello') == optional.none()", "regex.extractAll('id:123, id:456', 'id:\\\\d+') == ['id:123', 'id:456']",
            "regex.extractAll('x', 'y') == []", "regex.extractAll('né né', 'n(.)') == ['é', 'é']",
        ])
    func regex(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "arguments that make no sense give errors",
        arguments: [
            "'a'.charAt(2)", "'a'.substring(2)", "'abc'.substring(2, 1)", "'a'.indexOf('b', -1)", "'a'.indexOf('b', 9)",
            "'%d'.format(['a'])", "'%q'.format([1])",
            "'%d %d'.format([1])", "'%'.format([])", "'%.9999f'.format([1.0])", "[1].slice(0, 2)", "[1].slice(-1, 0)", "[1, 'a'].sort()",
            "[[1]].sort()",
            "base64.decode('a=b')", "regex.extract('a', '(a)(b)?')", #"regex.replace('test', '(.)', r'\2')"#,
            "regex.replace('a', 'a', 'x\\\\')",
            "math.bitShiftLeft(1, -1)", "math.abs(-9223372036854775808)", "math.greatest(dyn('a'))", "optional.none().value()",
            "ip('1.2.3')",
            "cidr('1.2.3.4/33')", "timestamp('2023-02-29T00:00:00Z')", "duration('1x')", "now.getHours('No/Where')",
            "now.getHours('../etc/passwd')",
            "google.protobuf.Int32Value{value: 2147483648}", "google.protobuf.Timestamp{seconds: 1, nanos: -1}", "[1].flatten(-1)",
        ])
    func errors(_ source: String) throws { #expect(try Fixture.evaluate(source).isError) }

    @Test(
        "addresses",
        arguments: [
            "string(ip('2001:0DB8:0:0:1:0:0:1')) == '2001:db8::1:0:0:1'", "string(ip('::')) == '::' && string(ip('1::')) == '1::'",
            "string(ip('64:ff9b::1.2.3.4')) == '64:ff9b::102:304'",
            "!isIP('1.2.3.04') && !isIP('1::2::3') && !isIP('::1%eth0') && !isIP('1:2:3:4:5:6:7:8:9') && !isIP(':1')",
            "ip('10.0.0.1').family() == 4",
            "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8'", "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
            "!isCIDR('10.0.0.0/08') && isCIDR('::/0')",
            "cidr('2001:db8::/33').containsIP('2001:db8:7fff::') && !cidr('2001:db8::/33').containsIP('2001:db8:8000::')",
        ])
    func addresses(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "time zones",
        arguments: [
            "timestamp('2024-07-01T12:00:00Z').getHours('Europe/Berlin') == 14",
            "timestamp('2024-01-01T12:00:00Z').getHours('Europe/Berlin') == 13",
            "timestamp('2100-07-01T12:00:00Z').getHours('Europe/Berlin') == 14",
            "timestamp('2100-01-01T12:00:00Z').getHours('Australia/Sydney') == 23",
            "timestamp('2100-07-01T12:00:00Z').getHours('Australia/Sydney') == 22",
            "timestamp('2024-03-10T10:00:00Z').getHours('America/Los_Angeles') == 3",
            "timestamp('2024-03-10T09:59:59Z').getHours('America/Los_Angeles') == 1",
            "timestamp('2024-01-01T00:00:00Z').getMinutes('Asia/Kathmandu') == 45",
            "timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00') == 0",
            "timestamp('1850-01-01T00:00:00Z').getMinutes('Europe/Berlin') == 53",
        ])
    func zones(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }
}
