/// The network extensions: `ip`, `cidr` and what they answer.
enum NetworkFunctions {
    static func apply(_ function: CELFunction, _ arguments: [CELValue]) -> CELValue {
        switch (function, arguments[0]) {
        case (.isIP, .string(let text)): .bool((try? CELNetworkAddress(text: text)) != nil)
        case (.toIP, .string(let text)): address(text) { .address($0) }
        case (.ipIsCanonical, .string(let text)): address(text) { .bool(sameText($0.text, text)) }
        case (.isCIDR, .string(let text)): .bool(CELNetwork(text: text) != nil)
        case (.toCIDR, .string(let text)): network(text) { .network($0) }
        case (_, .address(let address)): about(function, address)
        case (_, .network(let network)): about(function, network, arguments.last ?? .null)
        default: .noOverload(function.name, operands: arguments)
        }
    }

    private static func address(_ text: String, _ make: (CELNetworkAddress) -> CELValue) -> CELValue {
        do throws(CELNetworkAddress.ParseError) { return make(try CELNetworkAddress(text: text)) } catch {
            let shown = CELValue.string(text).text
            return switch error {
            case .invalid: .failure(.conversion, "IP Address '\(shown)' parse error during conversion from string")
            case .mapped: .failure(.conversion, "IPv4-mapped IPv6 address is not allowed: '\(shown)'")
            }
        }
    }

    private static func network(_ text: String, _ make: (CELNetwork) -> CELValue) -> CELValue {
        guard let network = CELNetwork(text: text) else {
            return .failure(.conversion, "network address parse error during conversion from string: '\(CELValue.string(text).text)'")
        }
        return make(network)
    }

    private static func about(_ function: CELFunction, _ address: CELNetworkAddress) -> CELValue {
        switch function {
        case .ipFamily: .int(address.isVersion4 ? 4 : 6)
        case .ipIsUnspecified: .bool(address.isUnspecified)
        case .ipIsLoopback: .bool(address.isLoopback)
        case .ipIsGlobalUnicast: .bool(address.isGlobalUnicast)
        case .ipIsLinkLocalMulticast: .bool(address.isLinkLocalMulticast)
        case .ipIsLinkLocalUnicast: .bool(address.isLinkLocalUnicast)
        default: .noOverload(function.name, .address(address))
        }
    }

    private static func about(_ function: CELFunction, _ network: CELNetwork, _ argument: CELValue) -> CELValue {
        switch (function, argument) {
        case (.prefixLength, _): .int(Int64(network.prefixLength))
        case (.masked, _): .network(network.masked)
        case (.cidrAddress, _): .address(network.address)
        case (.containsIP, .address(let address)): .bool(network.contains(address))
        case (.containsIP, .string(let text)): address(text) { .bool(network.contains($0)) }
        case (.containsCIDR, .network(let other)): .bool(network.contains(other))
        case (.containsCIDR, .string(let text)): self.network(text) { .bool(network.contains($0)) }
        default: .noOverload(function.name, .network(network), argument)
        }
    }
}
