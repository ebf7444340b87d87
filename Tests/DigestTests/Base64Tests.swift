import Digest
import Foundation
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: ["": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=", "foobar": "Zm9vYmFy"])
    func `the published examples hold in both directions`(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test func `every byte at every place is encoded as others do it, and decoded again`() {
        for length in 1...4 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: 0xa5, count: length)
                    bytes[place] = byte
                    let text = Base64.encode(bytes)
                    #expect(text == Data(bytes).base64EncodedString())
                    #expect(Base64.decode(text) == bytes)
                    #expect(Base64.decode(text.replacing("+", with: "-").replacing("/", with: "_")) == bytes)
                }
            }
        }
    }

    @Test(
        arguments: [
            "A", "AA", "AAA", "AA=", "A===", "====", "=", "AAAA=", "AA==AA==", "AAAAA", "AA A", "AAA\n", " AAA", "AA=A", "A=AA", "=AAA",
            "+/-_",
            "AA+_", "AAé", "AB==", "A/==", "AAB=", "AA/=", "AA\0=",
        ]) func `what is not the one spelling is refused`(_ text: String)
    {
        #expect(Base64.decode(text) == nil)
    }
}
