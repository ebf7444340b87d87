import Signing
import Testing

@Suite struct Ed25519Tests {
    struct Vector: Sendable {
        var seed, publicKey, message, signature: String
    }

    /// RFC 8032 §7.1: TEST 1, 2, 3 and SHA(abc).
    static let vectors = [
        Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature:
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature:
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        Vector(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", message: "af82",
            signature:
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
        Vector(
            seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            message:
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            signature:
                "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ]

    @Test(arguments: vectors) func `a seed gives the published public key and signature`(_ vector: Vector) throws {
        let key = try TestKeys.key(seed: vector.seed)
        #expect(key.publicKey == (try TestKeys.publicKey(vector.publicKey)))
        #expect(try key.sign(TestKeys.bytes(vector.message)) == TestKeys.bytes(vector.signature))
    }

    @Test(arguments: vectors) func `a published signature is verified, and with any other bit it is not`(_ vector: Vector) throws {
        let key = try TestKeys.publicKey(vector.publicKey)
        let (message, signature) = (TestKeys.bytes(vector.message), TestKeys.bytes(vector.signature))
        #expect(try key.verifies(signature, of: message))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !key.verifies(changed, of: message), "bit \(bit) of the signature")
        }
        for bit in 0..<message.count * 8 {
            var changed = message
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !key.verifies(signature, of: changed), "bit \(bit) of the message")
        }
        #expect(try !key.verifies(signature, of: message + [0]))
        #expect(try !TestKeys.publicKey(Self.vectors[vector.message.isEmpty ? 1 : 0].publicKey).verifies(signature, of: message))
    }

    @Test func `a signature of another length is none`() throws {
        let key = try TestKeys.publicKey(Self.vectors[0].publicKey)
        let signature = TestKeys.bytes(Self.vectors[0].signature)
        for bytes in [[], [0], Array(signature.dropLast()), signature + [0], signature + signature] {
            #expect(try !key.verifies(bytes, of: []), "\(bytes.count) bytes")
        }
    }

    @Test func `a signature whose number is not reduced is refused`() throws {
        // S + L for TEST 1 (RFC 8032 §5.1.7 asks for S < L): without that check it would be a second valid signature.
        let order = TestKeys.bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var signature = TestKeys.bytes(Self.vectors[0].signature)
        var carry = 0
        for index in 0..<32 {
            let sum = Int(signature[32 + index]) + Int(order[index]) + carry
            signature[32 + index] = UInt8(sum & 255)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(try !TestKeys.publicKey(Self.vectors[0].publicKey).verifies(signature, of: []))
    }

    @Test func `new keys differ, and each verifies what it signs alone`() throws {
        let keys = try (0..<4).map { _ in try SigningKey.generate() }
        #expect(Set(keys.map(\.publicKey.id)).count == 4)
        for (index, key) in keys.enumerated() {
            let signature = try key.sign([1, 2, 3])
            for (other, candidate) in keys.enumerated() {
                #expect(try candidate.publicKey.verifies(signature, of: [1, 2, 3]) == (index == other))
            }
        }
    }

    @Test func `a key is described by its id alone`() throws {
        let key = try TestKeys.key(seed: Self.vectors[0].seed)
        #expect("\(key)" == "Ed25519 key \(key.publicKey.id)")
        // SHA-256 of 302a300506032b6570032100 and the 32 bytes of the public key.
        #expect(key.publicKey.id == "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9")
        #expect(key.publicKey.spki == TestKeys.bytes("302a300506032b6570032100" + Self.vectors[0].publicKey))
    }
}
