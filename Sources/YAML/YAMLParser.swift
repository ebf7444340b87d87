import CLibYAML

/// Reads YAML 1.1/1.2 text into documents with the place of every node, by libyaml.
public enum YAMLParser {
    /// The documents of `bytes` in order, and every error found.
    ///
    /// A syntax error or a limit ends the reading: documents before it are returned. Duplicate keys, unsupported tags and keys that are
    /// not scalars are reported and reading goes on, so that all of them are found in one run.
    public static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) -> (documents: [YAMLNode], errors: [YAMLError]) {
        // libyaml would take UTF-16 and stops at the first bad byte without saying which; we accept UTF-8 alone and name the line.
        if let range = firstInvalid(bytes) {
            return ([], [YAMLError(kind: .notUTF8, message: "the file is not valid UTF-8", range: range)])
        }
        return bytes.withUnsafeBufferPointer { buffer in
            var reader = EventReader(buffer, limits: limits)
            return reader.documents()
        }
    }

    /// The place of the first byte that is not UTF-8.
    private static func firstInvalid(_ bytes: [UInt8]) -> YAMLRange? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var (line, column): (Int32, Int32) = (1, 1)
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&rest) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return YAMLRange(line: line, column: column, endLine: line, endColumn: column + 1)
    }
}

/// Turns libyaml's events into nodes.
private struct EventReader {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let buffer: UnsafeBufferPointer<UInt8>
    private let limits: YAMLLimits
    /// Where each line begins, in bytes; found when first asked for.
    private var lineStarts: [Int] = []
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var nodeCount = 0
    private var expanded = 0
    private var errors: [YAMLError] = []

    /// Ends the reading; the reason is already in `errors`.
    private struct Stop: Error {}

    init(_ buffer: UnsafeBufferPointer<UInt8>, limits: YAMLLimits) {
        parser = .allocate(capacity: 1)
        self.buffer = buffer
        self.limits = limits
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    mutating func documents() -> ([YAMLNode], [YAMLError]) {
        defer {
            yaml_parser_delete(parser)
            parser.deallocate()
        }
        var documents: [YAMLNode] = []
        do {
            while true {
                var event = try next()
                defer { yaml_event_delete(&event) }
                switch event.type {
                case YAML_DOCUMENT_START_EVENT: anchors = [:]
                case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return (documents, errors)
                case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT: break
                default:
                    let node = try node(event, depth: 0).node
                    // An empty document (`---` alone, a comment) is no document.
                    if case .scalar("", isPlain: true) = node.content { break }
                    documents.append(node)
                }
            }
        } catch {
            return (documents, errors)
        }
    }

    private mutating func next() throws(Stop) -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            errors.append(syntaxError())
            throw Stop()
        }
        return event
    }

    private mutating func node(_ event: yaml_event_t, depth: Int) throws(Stop) -> (node: YAMLNode, size: Int) {
        let start = Self.range(event)
        nodeCount += 1
        if nodeCount > limits.nodes { throw stop(.nodes, "more than \(limits.nodes) values in one file", start) }
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            checkTag(scalar.tag, allowed: ["tag:yaml.org,2002:str", "!"], start)
            let length = scalar.length
            if length > limits.scalarBytes { throw stop(.nodes, "a scalar longer than \(limits.scalarBytes) bytes", start) }
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: length), as: UTF8.self)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            var node = YAMLNode(content: .scalar(text, isPlain: isPlain), range: start)
            if scalar.style == YAML_LITERAL_SCALAR_STYLE { node.textIndentation = indentation(below: event.start_mark.line, text) }
            return remember(scalar.anchor, node, 1)
        case YAML_ALIAS_EVENT:
            let name = String(cString: event.data.alias.anchor)
            guard let anchor = anchors[name] else {
                throw stop(.unknownAlias, "the alias `*\(name)` has no anchor before it", start)
            }
            expanded += anchor.size
            if expanded > limits.aliasExpansion {
                throw stop(.aliasExpansion, "the aliases of this file stand for more than \(limits.aliasExpansion) values", start)
            }
            return (YAMLNode(content: anchor.node.content, range: start), anchor.size)
        case YAML_SEQUENCE_START_EVENT: return try sequence(event, start, depth: depth)
        case YAML_MAPPING_START_EVENT: return try mapping(event, start, depth: depth)
        default: throw stop(.syntax, "unexpected YAML event", start)
        }
    }

    private mutating func sequence(_ event: yaml_event_t, _ start: YAMLRange, depth: Int) throws(Stop) -> (node: YAMLNode, size: Int) {
        try enter(depth, start)
        checkTag(event.data.sequence_start.tag, allowed: ["tag:yaml.org,2002:seq"], start)
        var items: [YAMLNode] = []
        var size = 1
        while true {
            var inner = try next()
            defer { yaml_event_delete(&inner) }
            if inner.type == YAML_SEQUENCE_END_EVENT {
                let whole = YAMLNode(content: .sequence(items), range: Self.join(start, Self.range(inner)))
                return remember(event.data.sequence_start.anchor, whole, size)
            }
            let item = try node(inner, depth: depth + 1)
            items.append(item.node)
            size += item.size
        }
    }

    private mutating func mapping(_ event: yaml_event_t, _ start: YAMLRange, depth: Int) throws(Stop) -> (node: YAMLNode, size: Int) {
        try enter(depth, start)
        checkTag(event.data.mapping_start.tag, allowed: ["tag:yaml.org,2002:map"], start)
        var entries: [YAMLNode.Entry] = []
        // A dictionary, not a search: a hostile file may hold half a million keys in one mapping.
        var seen: [String: YAMLRange] = [:]
        var size = 1
        while true {
            var inner = try next()
            defer { yaml_event_delete(&inner) }
            if inner.type == YAML_MAPPING_END_EVENT {
                let whole = YAMLNode(content: .mapping(entries), range: Self.join(start, Self.range(inner)))
                return remember(event.data.mapping_start.anchor, whole, size)
            }
            let key = try node(inner, depth: depth + 1)
            var valueEvent = try next()
            defer { yaml_event_delete(&valueEvent) }
            let value = try node(valueEvent, depth: depth + 1)
            size += key.size + value.size
            guard case .scalar(let name, _) = key.node.content else {
                errors.append(YAMLError(kind: .keyNotScalar, message: "a key must be a plain word or a string", range: key.node.range))
                continue
            }
            if let first = seen.updateValue(key.node.range, forKey: name) {
                errors.append(
                    YAMLError(
                        kind: .duplicateKey, message: "the key `\(name)` occurs twice", range: key.node.range,
                        related: (first, "first defined here")))
                continue
            }
            entries.append(.init(key: name, keyRange: key.node.range, value: value.node))
        }
    }

    private mutating func enter(_ depth: Int, _ start: YAMLRange) throws(Stop) {
        if depth >= limits.depth { throw stop(.depth, "nested deeper than \(limits.depth) levels", start) }
    }

    private mutating func remember(_ anchor: UnsafeMutablePointer<yaml_char_t>?, _ node: YAMLNode, _ size: Int) -> (
        node: YAMLNode, size: Int
    ) {
        if let anchor { anchors[String(cString: anchor)] = (node, size) }
        return (node, size)
    }

    private mutating func checkTag(_ tag: UnsafeMutablePointer<yaml_char_t>?, allowed: [String], _ range: YAMLRange) {
        guard let tag else { return }
        let name = String(cString: tag)
        if allowed.contains(name) { return }
        errors.append(YAMLError(kind: .unsupportedTag, message: "the tag `\(Self.written(name))` is not supported", range: range))
    }

    /// A tag of YAML's own in its usual short form.
    private static func written(_ tag: String) -> String {
        let own = "tag:yaml.org,2002:"
        return tag.hasPrefix(own) ? "!!" + tag.dropFirst(own.count) : tag
    }

    private mutating func stop(_ kind: YAMLError.Kind, _ message: String, _ range: YAMLRange) -> Stop {
        errors.append(YAMLError(kind: kind, message: message, range: range))
        return Stop()
    }

    private func syntaxError() -> YAMLError {
        let failed = parser.pointee
        let problem = failed.problem.map { String(cString: $0) } ?? "the text cannot be read as YAML"
        if failed.error == YAML_READER_ERROR {
            return YAMLError(kind: .syntax, message: "a character that YAML does not allow (\(problem))", range: Self.cell(failed.mark))
        }
        let context = failed.context.map { String(cString: $0) }
        let place = Self.cell(failed.problem_mark)
        guard let context else { return YAMLError(kind: .syntax, message: problem, range: place) }
        let (words, begin) = (
            YAMLWording(problem: problem, context: context, found: character(failed.problem_mark)), Self.cell(failed.context_mark)
        )
        var error = YAMLError(kind: .syntax, message: words.message, range: words.isAboutBeginning ? begin : place)
        if !words.isAboutBeginning, begin != place { error.related = (begin, words.context) }
        return error
    }

    /// The indentation of a literal block whose indicator is on line `line` (from 0); `nil` if its first line does not show it.
    private mutating func indentation(below line: Int, _ text: String) -> Int? {
        if lineStarts.isEmpty {
            lineStarts = [0]
            for (offset, byte) in buffer.enumerated() where byte == UInt8(ascii: "\n") { lineStarts.append(offset + 1) }
        }
        guard let first = text.utf8.first, first != UInt8(ascii: "\n"), line + 1 < lineStarts.count else { return nil }
        let spaces = buffer[lineStarts[line + 1]...].prefix { $0 == UInt8(ascii: " ") }.count
        let ofText = text.utf8.prefix { $0 == UInt8(ascii: " ") }.count
        return spaces - ofText
    }

    /// The character at `mark`, whose index counts characters.
    private func character(_ mark: yaml_mark_t) -> Unicode.Scalar? {
        let text = String(decoding: buffer, as: UTF8.self).unicodeScalars
        return text.index(text.startIndex, offsetBy: Int(mark.index), limitedBy: text.endIndex).flatMap {
            $0 < text.endIndex ? text[$0] : nil
        }
    }

    private static func cell(_ mark: yaml_mark_t) -> YAMLRange {
        var place = range(mark, mark)
        place.endColumn += 1
        return place
    }

    private static func range(_ event: yaml_event_t) -> YAMLRange { range(event.start_mark, event.end_mark) }

    private static func range(_ start: yaml_mark_t, _ end: yaml_mark_t) -> YAMLRange {
        YAMLRange(
            line: Int32(clamping: start.line) + 1, column: Int32(clamping: start.column) + 1, endLine: Int32(clamping: end.line) + 1,
            endColumn: Int32(clamping: end.column) + 1)
    }

    private static func join(_ start: YAMLRange, _ end: YAMLRange) -> YAMLRange {
        YAMLRange(line: start.line, column: start.column, endLine: end.endLine, endColumn: end.endColumn)
    }
}
