import HTTPService
import Testing

@Suite struct RoutingTests {
    @Test func `a known path answers with length, date and server`() async throws {
        try await TestService.run { service in
            let response = try await service.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.status == 200)
            #expect(response.body == "hello")
            #expect(response.field("Content-Length") == "5")
            #expect(response.field("Server") == "charter")
            #expect(response.field("Date")?.hasSuffix(" GMT") == true)
            #expect(response.field("Connection") == nil)
        }
    }

    @Test(arguments: [
        ("GET /absent", 404), ("POST /hello", 405), ("GET /items/", 404), ("GET /items/a/b", 404), ("PROPFIND /hello", 405),
        ("OPTIONS *", 404), ("GET /hello%2F", 404), ("GET /%68ello", 200), ("GET http://a/hello?x=1", 200), ("BREW /hello", 501),
        ("CONNECT a:1", 501), ("GET /%zz", 400), ("GET /%4", 400), ("GET /%00", 400), ("GET /%ff", 400), ("GET /query?a=%", 400),
        ("GET /tree/../hello", 400), ("GET /tree/%2e%2e", 400), ("get /hello", 400),
    ])
    func `a request line gets its status`(line: String, status: Int) async throws {
        try await TestService.run { service in
            let response = try await service.exchange("\(line) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.status == status)
            if status >= 400 {
                #expect(response.field("Content-Type") == "application/problem+json")
                #expect(response.body.contains("\"status\":\(status)"))
            }
        }
    }

    @Test func `a route for any method takes those that have none of their own`() async throws {
        try await TestService.run { service in
            for (line, body) in [
                ("GET /any/a/b", "any GET a/b"), ("PROPFIND /any/", "any PROPFIND "), ("PUT /any/x", "put"),
                ("OPTIONS /any/x", "any OPTIONS x"),
            ] {
                let response = try await service.exchange("\(line) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(response.status == 200)
                #expect(response.body == body)
            }
        }
    }

    @Test func `another method is told what the path answers`() async throws {
        try await TestService.run { service in
            let response = try await service.exchange("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.field("Allow") == "GET, HEAD")
        }
    }

    @Test func `HEAD has the head of GET and no body`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try await client.response(headOnly: true)
            #expect(head.status == 200)
            #expect(head.field("Content-Length") == "5")
            let next = try await client.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(next.body == "hello")
            await client.close()
        }
    }

    @Test(arguments: [
        ("/items/a", "item a"), ("/items/a%2Fb", "item a/b"), ("/items/gr%C3%BCn", "item grün"), ("/tree/a/b", "tree a/b"),
        ("/tree/", "tree "), ("/query?a=1&b=x+y%26&c", "a=1;b=x y&;c="),
    ])
    func `captures and queries are decoded`(target: String, body: String) async throws {
        try await TestService.run { service in
            let response = try await service.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.body == body)
        }
    }

    @Test func `204 has neither body nor length`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("DELETE /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            let responses = try await client.responses(2)
            #expect(responses[0].status == 204)
            #expect(responses[0].field("Content-Length") == nil)
            #expect(responses[1].body == "hello")
            await client.close()
        }
    }

    @Test func `a field value cannot begin a new field`() async throws {
        try await TestService.run { service in
            let response = try await service.exchange("GET /inject?v=a%0d%0aSet-Cookie:%20b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(response.field("X-Value") == "a  Set-Cookie: b")
            #expect(response.field("Set-Cookie") == nil)
            #expect(response.field("Bad Name") == nil)
            #expect(response.field("Content-Length") == "0")
        }
    }

    @Test(arguments: [("abc-123", "abc-123"), ("a b", nil), ("é", nil), (String(repeating: "i", count: 129), nil)])
    func `X-Request-ID is echoed where it is sane`(sent: String, echoed: String?) async throws {
        try await TestService.run { service in
            for path in ["/hello", "/absent", "/%zz"] {
                let response = try await service.exchange("GET \(path) HTTP/1.1\r\nHost: a\r\nX-Request-ID: \(sent)\r\n\r\n")
                #expect(response.field("X-Request-ID") == echoed)
            }
        }
    }
}
