/// Emulator: the local Azure put together, in one process and on one event loop.

#pragma once

#include "base/log.h"
#include "base/random.h"
#include "emulator/json.h"
#include "emulator/proxy.h"
#include "emulator/router.h"
#include "emulator/tls_authority.h"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>

namespace kssedr::emulator {

struct EmulatorOptions {
    std::uint16_t port = 8443;        ///< TLS; 0: any free one
    std::uint16_t proxy_port = 8444;  ///< plain; 0: any free one
    std::optional<json::value> seed;  ///< nothing: the default world
    std::optional<TimePoint> now;     ///< nothing: the real date
    double speed = 1;
};

class Emulator {
public:
    /// Binds both ports and plants the world. `clock` is the real one.
    static Result<std::unique_ptr<Emulator>> open(asio::any_io_executor executor, EmulatorOptions options, Clock& clock,
                                                  Random& random, Log& log);
    ~Emulator();

    void start();
    Task<void> stop();

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::uint16_t proxy_port() const;
    [[nodiscard]] std::string const& ca_pem() const { return authority_.certificate_pem(); }
    /// What a client needs to find its way here; `ca_file` is where `ca_pem()` was written.
    [[nodiscard]] json::object environment(std::string const& ca_file) const;

private:
    Emulator(asio::any_io_executor executor, TimePoint start, double speed, Clock& clock, Random& random, Log& log);
    Result<void> listen(asio::any_io_executor executor, EmulatorOptions const& options, Log& log);
    Result<void> plant(EmulatorOptions const& options, asio::any_io_executor executor);

    World world_;
    EmulatedClock clock_;
    TokenSigner tokens_;
    TlsAuthority authority_;
    Ground ground_;
    Faults faults_;
    CallLog calls_;
    Holds holds_;
    Entra entra_;
    CloudNames cloud_;
    std::unique_ptr<EventGrid> events_;
    std::unique_ptr<Builder> builder_;
    std::unique_ptr<KeyVault> key_vault_;
    ResourceManager resource_manager_;
    BlobService blob_;
    Graph graph_;
    EventGridNamespace event_grid_;
    KeyEndpoints key_endpoints_;
    std::unique_ptr<Admin> admin_;
    std::unique_ptr<Router> router_;
    std::unique_ptr<PlainRouter> plain_router_;
    std::unique_ptr<listen::Handler> front_;
    std::unique_ptr<listen::HttpServer> tls_server_;
    std::unique_ptr<listen::HttpServer> plain_server_;
    std::unique_ptr<Proxy> proxy_;
    TaskGroup tasks_;
};

}  // namespace kssedr::emulator
