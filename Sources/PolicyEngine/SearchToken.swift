/// Where a search goes on. It survives a restart and another replica, as all that it depends on is the bundle and the search.
struct SearchToken {
    private static let digestDigits = 32
    private static let numberDigits = 16

    /// The row of the bundle that the page begins with.
    let row: Int

    /// What tokens of this bundle and this search begin with.
    private static func prefix(_ search: SearchRequest, digest: String) -> String {
        digest.prefix(digestDigits) + hexadecimal(fingerprint(search))
    }

    static func text(row: Int, _ search: SearchRequest, digest: String) -> String {
        prefix(search, digest: digest) + hexadecimal(UInt64(clamping: row))
    }

    /// - Throws: `RequestError` for a token that this search on this bundle has not given.
    init(_ search: SearchRequest, digest: String, rowCount: Int) throws(RequestError) {
        let text = search.token
        if text.isEmpty {
            row = 0
            return
        }
        let pointer = "/page/token"
        let isHexadecimal = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isHexadecimal, text.utf8.count == Self.digestDigits + 2 * Self.numberDigits,
            let number = UInt64(text.suffix(Self.numberDigits), radix: 16)
        else { throw RequestError(pointer, "is no token of a search") }
        guard text.hasPrefix(digest.prefix(Self.digestDigits)) else {
            throw RequestError(pointer, "is from a search in another bundle: begin again without a token")
        }
        guard text.hasPrefix(Self.prefix(search, digest: digest)) else {
            throw RequestError(pointer, "is from another search: ask for a page as for the one before it")
        }
        guard let row = Int(exactly: number), row < rowCount else { throw RequestError(pointer, "is no token of a search") }
        self.row = row
    }

    /// Tells searches apart (64-bit FNV-1a). It is no secret and guards nothing: whoever makes up a token sees what a search without one shows.
    private static func fingerprint(_ search: SearchRequest) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in search.head + search.tail { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: numberDigits - text.utf8.count) + text
    }
}
