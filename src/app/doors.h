/// Doors: the HTTP side of the daemon, over whichever generation is at work.

#pragma once

#include "app/generation.h"
#include "listen/http_server.h"

#include <memory>

namespace kssedr::app {

class Doors {
public:
    /// Both outlive it; the generation may change, and is told by `renew`.
    Doors(std::unique_ptr<Generation>& generation, store::Store& store, Log& log) : handler_(generation) {
        (void)store;
        (void)log;
    }

    listen::Handler& handler() { return handler_; }
    void renew() {}
    void close() {}

private:
    class Handler final : public listen::Handler {
    public:
        explicit Handler(std::unique_ptr<Generation>& generation) : generation_(generation) {}
        Task<listen::Response> handle(listen::Request& request) override;

    private:
        std::unique_ptr<Generation>& generation_;
    };

    Handler handler_;
};

}  // namespace kssedr::app
