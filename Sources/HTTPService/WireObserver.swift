import NIOCore

/// Sits in front of the parser: tells the connection when bytes arrive, which the parser does not until a head is whole, and
/// discards them once the connection takes no more requests.
final class WireObserver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPConnection

    init(_ connection: HTTPConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.takesBytes(Self.unwrapInboundIn(data)) { context.fireChannelRead(data) }
    }
}
