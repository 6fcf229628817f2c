/// Router: takes a request to its service, past faults, holds and the call log.

#pragma once

#include "emulator/admin.h"
#include "emulator/blob.h"
#include "emulator/entra.h"
#include "emulator/event_grid_namespace.h"
#include "emulator/graph.h"
#include "emulator/key_endpoints.h"
#include "emulator/key_vault.h"
#include "emulator/resource_manager.h"

namespace kssedr::emulator {

class Router final : public listen::Handler {
public:
    struct Services {
        Entra& entra;
        KeyVault& key_vault;
        ResourceManager& resource_manager;
        BlobService& blob;
        Graph& graph;
        EventGridNamespace& event_grid;
        KeyEndpoints& key_endpoints;
    };

    Router(Ground ground, Services services, Admin& admin, Faults& faults, Holds& holds, CallLog& calls)
        : ground_(ground), services_(services), admin_(admin), faults_(faults), holds_(holds), calls_(calls) {}

    Task<listen::Response> handle(listen::Request& request) override;

private:
    Service& service_for(ServiceKind kind);
    /// The call between its faults: what is to be answered.
    Task<listen::Response> run(Service& service, Call& call, std::uint64_t record, FaultAction const& action);
    listen::Response answer(Service& service, Call& call, FaultAction const& action);

    Ground ground_;
    Services services_;
    Admin& admin_;
    Faults& faults_;
    Holds& holds_;
    CallLog& calls_;
};

/// For the port without TLS: the admin interface, and a sentence for everyone else.
class PlainRouter final : public listen::Handler {
public:
    explicit PlainRouter(Admin& admin) : admin_(admin) {}
    Task<listen::Response> handle(listen::Request& request) override;

private:
    Admin& admin_;
};

}  // namespace kssedr::emulator
