extension CELNetworkAddress {
    /// Why a text is no address.
    enum ParseError: Error { case invalid, mapped }

    /// An address in the notations of RFC 4291 §2.2. Zones are not allowed, nor are IPv4 addresses in dotted notation mapped into IPv6.
    init(text: String) throws(ParseError) {
        guard text.utf8.count <= 64 else { throw .invalid }
        if !text.utf8.contains(UInt8(ascii: ":")) {
            guard let bytes = Self.version4(Substring(text)) else { throw .invalid }
            self.init(bytes: bytes)
            return
        }
        guard let bytes = Self.version6(text) else { throw .invalid }
        self.init(bytes: bytes)
        if isVersion4, text.utf8.contains(UInt8(ascii: ".")) { throw .mapped }
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(\.isDigit), part.utf8.count == 1 || part.utf8.first != 48,
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = split(Substring(text))
        guard let halves else { return nil }
        guard let head = groups(halves.head, mayEndDotted: halves.tail == nil) else { return nil }
        guard let tail = halves.tail else { return head.count == 16 ? head : nil }
        guard let end = groups(tail, mayEndDotted: true), head.count + end.count <= 14 else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - end.count) + end
    }

    /// The parts before and after `::`, of which there may be one.
    private static func split(_ text: Substring) -> (head: Substring, tail: Substring?)? {
        let bytes = Array(text.utf8)
        let marks = bytes.indices.dropLast().filter { bytes[$0] == 58 && bytes[$0 + 1] == 58 }
        guard let mark = marks.first else { return (text, nil) }
        guard marks.count == 1 else { return nil }
        let start = text.utf8.index(text.startIndex, offsetBy: mark)
        return (text[..<start], text[text.utf8.index(start, offsetBy: 2)...])
    }

    private static func groups(_ text: Substring, mayEndDotted: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (position, part) in parts.enumerated() {
            if position == parts.count - 1, mayEndDotted, part.utf8.contains(UInt8(ascii: ".")) {
                guard let address = version4(part) else { return nil }
                bytes += address
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.hexValue != nil }), let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes.count <= 16 ? bytes : nil
    }

    /// The canonical notation (RFC 5952).
    var text: String {
        if isVersion4 { return bytes.map { String($0) }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        // The first of the longest runs of zeros, of two at least, is left out.
        var best = 0..<0
        var start = 0
        while start < 8 {
            let run = groups[start...].prefix { $0 == 0 }.count
            if run > max(1, best.count) { best = start..<start + run }
            start += max(1, run)
        }
        func joined(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
        return best.isEmpty ? joined(groups[...]) : joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
    }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }
    var isLoopback: Bool { isVersion4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 }
    var isMulticast: Bool { isVersion4 ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }
    var isLinkLocalMulticast: Bool { isVersion4 ? bytes.starts(with: [224, 0, 0]) : bytes[0] == 0xFF && bytes[1] & 0x0F == 2 }
    var isLinkLocalUnicast: Bool { isVersion4 ? bytes.starts(with: [169, 254]) : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 }
    var isBroadcast: Bool { isVersion4 && bytes.allSatisfy { $0 == 255 } }
    var isGlobalUnicast: Bool { !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast && !isBroadcast }
}

extension CELNetwork {
    /// `address/length`; nil for anything else.
    init?(text: String) {
        guard let slash = text.lastIndex(of: "/") else { return nil }
        let length = text[text.index(after: slash)...]
        guard let address = try? CELNetworkAddress(text: String(text[..<slash])), address.isVersion4 != text.contains(":"),
            (1...3).contains(length.utf8.count), length.utf8.allSatisfy(\.isDigit), length.utf8.count == 1 || length.utf8.first != 48,
            let bits = Int(length), bits <= address.bytes.count * 8
        else { return nil }
        self.init(address: address, prefixLength: bits)
    }

    var text: String { address.text + "/" + String(prefixLength) }

    /// With the bits after the prefix cleared.
    var masked: CELNetwork {
        let bytes = address.bytes.enumerated().map { position, byte in
            let kept = min(8, max(0, prefixLength - position * 8))
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
        return CELNetwork(address: CELNetworkAddress(exactly: bytes), prefixLength: prefixLength)
    }

    func contains(_ other: CELNetworkAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return CELNetwork(address: other, prefixLength: prefixLength).masked == masked
    }

    func contains(_ other: CELNetwork) -> Bool { prefixLength <= other.prefixLength && contains(other.address) }
}
