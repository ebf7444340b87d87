/// An IPv4 or IPv6 address (`net.IP`). An IPv4 address mapped into IPv6 is the IPv4 address.
public struct CELNetworkAddress: Hashable, Sendable {
    /// 4 or 16 bytes.
    public let bytes: [UInt8]

    var isVersion4: Bool { bytes.count == 4 }

    init(exactly bytes: [UInt8]) { self.bytes = bytes }

    init(bytes: [UInt8]) {
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }
}

/// An address and the length of the prefix that makes a network of it (`net.CIDR`).
public struct CELNetwork: Hashable, Sendable {
    public let address: CELNetworkAddress
    public let prefixLength: Int
}
