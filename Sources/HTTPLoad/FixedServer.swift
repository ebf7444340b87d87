import NIOCore
import NIOHTTP1
import NIOPosix

/// A server that answers every request with the same bytes, by nothing but `NIOHTTP1` as it comes: what other servers are measured against.
public final class FixedServer: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    /// Listens on a free port of this machine.
    /// - Parameter body: of each answer.
    public init(loops: Int, body: [UInt8]) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answer(body))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    public var port: Int { channel.localAddress?.port ?? 0 }

    public func stop() async {
        try? await channel.close()
        try? await group.shutdownGracefully()
    }

    private final class Answer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let head: HTTPResponseHead
        private let body: ByteBuffer

        init(_ bytes: [UInt8]) {
            head = HTTPResponseHead(
                version: .http1_1, status: .ok, headers: ["Content-Type": "application/json", "Content-Length": "\(bytes.count)"])
            body = ByteBuffer(bytes: bytes)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = Self.unwrapInboundIn(data) else { return }
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
