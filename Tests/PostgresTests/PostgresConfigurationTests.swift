import Foundation
import Testing

@testable import Postgres

@Suite struct PostgresConfigurationTests {
    @Test("a connection to a server that is down is a retryable connection error")
    func downServer() throws {
        let error = try #require(postgresError { _ = try PostgresConnection(PostgresConfiguration(uri: "postgres://u@127.0.0.1:1/db")) })
        #expect(error.kind == .connection)
        #expect(error.isConnectionLoss && error.isRetryable)
        #expect(error.sqlState == nil)
    }

    @Test("a wrong socket directory is a connection error that names it")
    func wrongSocket() throws {
        let configuration = PostgresConfiguration(socketDirectory: "/nonexistent/sockets", user: "u", database: "db")
        let error = try #require(postgresError { _ = try PostgresConnection(configuration) })
        #expect(error.kind == .connection)
        #expect(error.message.contains("/nonexistent/sockets"))
    }

    @Test("a missing database is a connection error with its SQLSTATE, not retryable")
    func missingDatabase() throws {
        let configuration = try TestCluster.configuration().with(database: "no such")
        let error = try #require(postgresError { _ = try PostgresConnection(configuration) })
        #expect(error.kind == .connection && error.sqlState == "3D000" && !error.isRetryable)
        #expect(error.message.contains(#"database "no such" does not exist"#))
        #expect(!error.message.contains("LOCATION"))
    }

    @Test("a server that accepts and says nothing runs into the connect timeout")
    func connectTimeout() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length)
                _ = listen(listener, 1)
                _ = getsockname(listener, $0, &length)
            }
        }
        var configuration = PostgresConfiguration(uri: "postgres://u@127.0.0.1:\(UInt16(bigEndian: address.sin_port))/db")
        configuration.connectTimeout = .milliseconds(100)
        let error = try #require(postgresError { _ = try PostgresConnection(configuration) })
        #expect(error.kind == .connection)
        #expect(error.message.contains("within"))
    }

    @Test(
        "no error and no description holds the password",
        arguments: [
            "postgres://user:hunter2secret@127.0.0.1:1/db",
            "postgres://user:hunter2secret@nowhere.invalid/db",
            "postgres://user:x@hunter2secret@127.0.0.1:1/db",
            "postgres://user:x/hunter2secret@127.0.0.1:1/db",
            "postgres://user:1/hunter2secret@127.0.0.1:1/db",
            "postgres://user:%zhunter2secret@127.0.0.1:1/db",
            "postgres://user:hunter2secret@127.0.0.1:hunter2secret/db",
            "postgres://127.0.0.1:1/db?password=hunter2secret",
            "postgres://127.0.0.1:1/db?pasword=hunter2secret",
            "host=127.0.0.1 port=1 password=hunter2secret",
            "host=127.0.0.1 port=1 password='hunter2secret",
            "host=127.0.0.1 password hunter2secret",
            "postgres://user:hunter2secret@[::1/db",
            "postgres:\u{0}//user:hunter2secret@/db",
        ])
    func passwordStaysHidden(uri: String) throws {
        let configuration = PostgresConfiguration(uri: uri)
        let error = try #require(postgresError { _ = try PostgresConnection(configuration) })
        var texts = [error.description, String(reflecting: error), configuration.redactedDescription]
        texts += ["\(configuration)", String(reflecting: configuration)]
        dump(configuration, to: &texts[0])
        for text in texts { #expect(!text.contains("hunter2")) }
    }

    @Test("a server's refusal is shown with the password struck out")
    func refusalHidesPassword() throws {
        var configuration = try TestCluster.configuration()
        configuration.parameters["password"] = "hunter2secret"
        let connection = try PostgresConnection(configuration)
        let error = try #require(postgresError { try connection.execute("SELECT hunter2secret") })
        #expect(error.sqlState == "42703")
        #expect(!error.description.contains("hunter2secret"))
    }

    @Test("role, application name and statement timeout hold from the start")
    func sessionSettings() throws {
        let admin = try TestCluster.connect()
        try admin.script(#"DROP ROLE IF EXISTS "odd ""role"; CREATE ROLE "odd ""role""#)
        defer { try? admin.script(#"DROP ROLE "odd ""role""#) }
        var configuration = try TestCluster.configuration()
        configuration.role = "odd \"role"
        configuration.applicationName = "tests"
        configuration.statementTimeout = .seconds(300)
        let connection = try PostgresConnection(configuration)
        let row = try connection.query(
            "SELECT current_user AS u, current_setting('application_name') AS a, current_setting('statement_timeout') AS t")[0]
        #expect(row["u"] == "odd \"role")
        #expect(row["a"] == "tests")
        #expect(row["t"] == "5min")
        var hasty = try TestCluster.configuration()
        hasty.statementTimeout = .seconds(1)
        let sleeper = try PostgresConnection(hasty)
        #expect(postgresError { try sleeper.execute("SELECT pg_sleep(600)") }?.sqlState == "57014")
        configuration.role = "nobody at all"
        #expect(postgresError { _ = try PostgresConnection(configuration) }?.sqlState == "22023")
    }

    @Test("connect_timeout and application_name of a URI are taken from it")
    func uriSettings() throws {
        let configuration = PostgresConfiguration(uri: "postgres://u@h:5/d?connect_timeout=7&application_name=it")
        #expect(configuration.connectTimeout == .seconds(7))
        #expect(configuration.applicationName == "it")
        #expect(configuration.redactedDescription == "host=h port=5 user=u dbname=d")
    }
}
