import Digest
import Testing

/// FIPS 180-4's examples and others that are well known.
@Suite struct DigestTests {
    static let known: [(text: String, digest: String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ]

    @Test(arguments: known) func `a digest is the published one`(_ text: String, _ digest: String) {
        #expect(SHA256Digest(of: Array(text.utf8)).description == digest)
    }

    @Test func `pieces give the digest of the whole`() {
        let text = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        for cut in 0...text.count {
            var hasher = SHA256Hasher()
            hasher.update(Array(text[..<cut]))
            hasher.update([])
            hasher.update(Array(text[cut...]))
            #expect(hasher.finish() == SHA256Digest(of: text))
        }
    }

    @Test func `a digest has 32 bytes, and its text is lower-case hexadecimal`() {
        #expect(
            SHA256Digest(bytes: [UInt8](repeating: 1, count: 31)) == nil && SHA256Digest(bytes: [UInt8](repeating: 1, count: 33)) == nil)
        #expect(SHA256Digest(bytes: [UInt8](repeating: 0xab, count: 32))?.description == String(repeating: "ab", count: 32))
        #expect(Hexadecimal.encode([0, 1, 0x0f, 0xf0, 0xff]) == "00010ff0ff")
    }
}
