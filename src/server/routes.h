/// Routes: what the daemon and the functions host answer, in one table that serving and describing read.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kssedr::server {

enum class Operation : std::uint8_t {
    page,
    is_alive,
    swagger,
    openapi,
    swagger_ui,
    health,
    readiness,
    metrics,
    push,
    push_handshake,
    status,
    history,
    parked_list,
    parked_one,
    parked_requeue,
    parked_drop,
    rotate,
    rotation,
};

/// Who may ask.
enum class Access : std::uint8_t { open, push, api };

struct Parameter {
    std::string_view name;
    std::string_view summary;
    enum class Kind : std::uint8_t { text, number, time } kind = Kind::text;
};

struct AnswerOf {
    unsigned status;
    std::string_view summary;
};

struct Route {
    Operation operation;
    std::string_view method;  ///< HEAD is answered where GET is
    std::string_view path;    ///< whole; `{id}` stands for one segment. Of the functions host: below its prefix
    Access access;
    std::string_view id;  ///< operationId
    std::string_view summary;
    std::string_view content_type;  ///< of the 200; empty: it has no body
    std::string_view schema;        ///< of the 200, a name under the schemas; empty: text, or any object
    std::span<Parameter const> parameters{};
    std::string_view body_schema{};       ///< of the request, a name under the schemas; empty: none
    std::span<AnswerOf const> answers{};  ///< besides 200
};

[[nodiscard]] std::span<Route const> daemon_routes();
[[nodiscard]] std::span<Route const> functions_routes();

struct FoundRoute {
    Route const* route = nullptr;  ///< null: the path has other methods
    std::string id;                ///< what stood in the place of `{id}`
    std::string allowed;           ///< the path's methods, as `Allow` lists them
};

/// The daemon's route for a request; nothing where the path has none. Paths compare by their exact bytes, but for a
/// slash at the end.
[[nodiscard]] std::optional<FoundRoute> find_route(std::string_view method, std::string_view path);

}  // namespace kssedr::server
