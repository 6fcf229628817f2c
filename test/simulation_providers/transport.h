/// SimulatedTransport: HTTP as a process of these worlds has it, with no sockets.
///
/// A request goes to Resource Manager or to a storage account, through the process's network, with all that can befall
/// it there: what travels is refused (429 with `Retry-After`), fails (500), is lost, comes late. A `Mutation` of a
/// provider stands here: what comes back is what a provider with that fault would have made of it.

#pragma once

#include "resource_manager.h"

#include "azure/token_source.h"
#include "simulation/mutation.h"

#include <map>
#include <optional>
#include <string>

namespace kssedr::simulation {

/// Tokens of an hour, known by their number; asking for one costs nothing here.
class SimulatedTokens final : public azure::TokenSource {
public:
    explicit SimulatedTokens(Clock& clock) : clock_(clock) {}

    Async<azure::Token> bearer(std::string audience, SteadyPoint deadline) override;
    void reject(std::string const& audience, azure::Token const& token) override;
    /// What the service takes now.
    [[nodiscard]] static std::string valid_at(SteadyPoint now);

private:
    Clock& clock_;
    azure::Token given_;
};

class SimulatedTransport final : public http::Transport {
public:
    SimulatedTransport(Network& network, ResourceManager& manager, Mutation mutation)
        : network_(network), site_(network.site()), manager_(manager), mutation_(mutation) {}

    Async<http::Response> send(http::Request request, SteadyPoint deadline) override;

private:
    enum class What : std::uint8_t { nothing, list, regenerate, read_resource, list_policies, write_back, poll };
    /// What a request to Resource Manager asks for.
    struct Target {
        What what = What::nothing;
        int owner = -1;
        std::string operation;  ///< of a poll
    };

    [[nodiscard]] Target find_target(http::Method method, std::string_view path) const;
    Async<http::Response> ask(Target target, SteadyPoint deadline);
    Async<http::Response> poll(Target target, SteadyPoint deadline);
    Async<http::Response> act(Target target, http::Request request, SteadyPoint deadline);
    /// A storage account is asked something under Shared Key.
    Async<http::Response> try_key(http::Request request, SteadyPoint deadline);
    [[nodiscard]] std::string show(Target const& target);
    /// As HTTP, what befell a request.
    [[nodiscard]] static Result<http::Response> to_answer(Error const& error);
    [[nodiscard]] Result<http::Response> mishear_effect(Result<http::Response> heard) const;
    [[nodiscard]] Result<http::Response> mishear_poll(Result<http::Response> heard, int owner) const;

    Network& network_;
    Site site_;
    ResourceManager& manager_;
    Mutation mutation_;
    std::map<std::string, SteadyPoint> not_to_be_asked_before_;  ///< by operation
};

}  // namespace kssedr::simulation
