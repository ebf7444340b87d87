import Testing

@testable import CEL

@Suite("well-known messages")
struct MessageTests {
    @Test(
        "messages are the values that they stand for",
        arguments: [
            "google.protobuf.Int32Value{value: 5} == 5", "google.protobuf.UInt64Value{} == 0u",
            "google.protobuf.FloatValue{value: 1e55} > 1e300",
            "google.protobuf.StringValue{?value: optional.of('a')} == 'a'", "google.protobuf.StringValue{?value: optional.none()} == ''",
            "google.protobuf.Value{number_value: 1.5} == 1.5", "google.protobuf.Value{} == null",
            "google.protobuf.Struct{fields: {'a': 1, 'b': [true, null]}} == {'a': 1.0, 'b': [true, null]}",
            "google.protobuf.ListValue{values: [9007199254740993, b'a']} == ['9007199254740993', 'YQ==']",
            "google.protobuf.Timestamp{seconds: 1} == timestamp(1)",
            "google.protobuf.Duration{seconds: -1, nanos: -500000000} == duration('-1.5s')",
            "google.protobuf.Any{type_url: 'type.googleapis.com/google.protobuf.Int32Value', value: b'\\x08\\x96\\x01'} == 150",
            "google.protobuf.Any{type_url: 'x/google.protobuf.StringValue', value: b'\\x0a\\x02hi'} == 'hi'",
            "google.protobuf.Any{type_url: 'x/google.protobuf.Duration', value: b'\\x08\\x02'} == duration('2s')",
            "google.protobuf.Any{type_url: 'x/google.protobuf.ListValue', value: b'\\x0a\\x02\\x20\\x01\\x0a\\x02\\x08\\x00'} == [true, null]",
            "google.protobuf.Any{type_url: 'x/google.protobuf.Struct', value: b'\\x0a\\x08\\x0a\\x01a\\x12\\x03\\x1a\\x01b'} == {'a': 'b'}",
        ])
    func values(_ source: String) throws { #expect(try Fixture.evaluate(source) == .bool(true)) }

    @Test(
        "messages that cannot be made",
        arguments: [
            "google.protobuf.Any{}", "google.protobuf.Any{type_url: 'x/y', value: b''}",
            "google.protobuf.Any{type_url: 'x/google.protobuf.StringValue', value: b'\\x0a\\x05hi'}",
            "google.protobuf.Any{type_url: 'x/google.protobuf.StringValue', value: b'\\x0a\\x01\\xff'}",
            "google.protobuf.Any{type_url: 'x/google.protobuf.Int64Value', value: b'\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff'}",
            "google.protobuf.UInt32Value{value: 4294967296u}", "google.protobuf.Duration{seconds: 9223372036854775807}",
        ])
    func errors(_ source: String) throws { #expect(try Fixture.evaluate(source).isError) }

    @Test("issues name the field and the type") func issues() {
        #expect(Fixture.issues("google.protobuf.Int32Value{valeu: 1}").first?.help == "did you mean `value`?")
        #expect(Fixture.issues("google.protobuf.Int32Value{value: 'a'}").first?.kind == .type)
        #expect(Fixture.issues("my.Message{a: 1}").first?.kind == .undeclared)
    }
}
