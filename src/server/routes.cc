#include "server/routes.h"

#include "base/ascii.h"

#include <array>
#include <vector>

namespace kssedr::server {
namespace {

using Kind = Parameter::Kind;

constexpr std::string_view json = "application/json";
constexpr std::string_view html = "text/html";

constexpr std::array history_parameters = {
    Parameter{"vault", "Only of this vault, by its host"},
    Parameter{"secret", "Only of this secret"},
    Parameter{"outcome", "Only this outcome, such as failed"},
    Parameter{"since", "Only from this time on (RFC 3339)", Kind::time},
    Parameter{"until", "Only up to this time (RFC 3339)", Kind::time},
    Parameter{"before", "Only lines with a lower number: the next page", Kind::number},
    Parameter{"limit", "How many lines at most, 1 to 500; 100 where it is left out", Kind::number},
};
constexpr std::array parked_parameters = {
    Parameter{"after", "Only entries with a higher id: the next page", Kind::number},
    Parameter{"limit", "How many entries at most, 1 to 500; 100 where it is left out", Kind::number},
};
constexpr std::array parked_id = {Parameter{"id", "The entry's id", Kind::number}};
constexpr std::array rotation_id = {Parameter{"id", "The number that POST /api/v1/rotate gave", Kind::number}};

constexpr std::array readiness_answers = {AnswerOf{503, "Not able to rotate; the body says why"}};
constexpr std::array push_answers = {AnswerOf{400, "Nothing that can be understood"},
                                     AnswerOf{401, "Nobody who may push"},
                                     AnswerOf{403, "A token of somebody who may not push"},
                                     AnswerOf{404, "Push is not configured"},
                                     AnswerOf{413, "More than 1 MB"},
                                     AnswerOf{503, "Not kept, send it again"}};
constexpr std::array api_answers = {AnswerOf{400, "A parameter is wrong"}, AnswerOf{401, "Nobody who may ask"},
                                    AnswerOf{403, "A token of somebody who may not ask"},
                                    AnswerOf{404, "There is none, or the API is not configured"},
                                    AnswerOf{503, "The store can not be asked now"}};
constexpr std::array requeue_answers = {AnswerOf{202, "It waits in the inbox"}, AnswerOf{401, "Nobody who may ask"},
                                        AnswerOf{404, "There is no such entry"},
                                        AnswerOf{409, "The entry has no event, or not all of it"},
                                        AnswerOf{503, "Not kept, ask again"}};
constexpr std::array drop_answers = {AnswerOf{204, "Dropped"}, AnswerOf{401, "Nobody who may ask"},
                                     AnswerOf{404, "There is no such entry"},
                                     AnswerOf{503, "The store can not be asked"}};
constexpr std::array rotate_answers = {AnswerOf{202, "It goes on; Location says where its outcome will be"},
                                       AnswerOf{400, "The request is wrong"}, AnswerOf{401, "Nobody who may ask"},
                                       AnswerOf{429, "Too many are under way"}};

constexpr std::array daemon = {
    Route{Operation::page, "GET", "/", Access::open, "Page", "The page for people", html, ""},
    Route{Operation::is_alive, "GET", "/api/IsAlive", Access::open, "IsAlive",
          "Whether kssedr answers, its version, and the region it runs in", json, "IsAlive"},
    Route{Operation::swagger, "GET", "/api/swagger.json", Access::open, "RenderSwaggerDocument",
          "This description as Swagger 2.0", json, ""},
    Route{Operation::openapi, "GET", "/api/openapi/v3.json", Access::open, "RenderOpenApiDocument",
          "This description as OpenAPI 3.0", json, ""},
    Route{Operation::swagger_ui, "GET", "/api/swagger/ui", Access::open, "RenderSwaggerUI",
          "A page that shows this description", html, ""},
    Route{Operation::health, "GET", "/healthz", Access::open, "Health", "Whether the process answers", json, ""},
    Route{Operation::readiness,
          "GET",
          "/readyz",
          Access::open,
          "Readiness",
          "Whether kssedr is able to rotate, and what is in the way",
          json,
          "Readiness",
          {},
          "",
          readiness_answers},
    Route{Operation::metrics, "GET", "/metrics", Access::open, "Metrics", "Metrics for Prometheus", "text/plain", ""},
    Route{Operation::push,
          "POST",
          "/api/events",
          Access::push,
          "PushEvents",
          "Takes events: Event Grid schema or CloudEvents 1.0, structured, batched or binary",
          json,
          "",
          {},
          "Events",
          push_answers},
    Route{Operation::push_handshake,
          "OPTIONS",
          "/api/events",
          Access::push,
          "PushHandshake",
          "Answers whether events are wanted (CloudEvents webhook)",
          "",
          "",
          {},
          "",
          push_answers},
    Route{Operation::status,
          "GET",
          "/api/v1/status",
          Access::api,
          "Status",
          "How the daemon is",
          json,
          "Status",
          {},
          "",
          api_answers},
    Route{Operation::history, "GET", "/api/v1/history", Access::api, "History", "What was done, the newest first", json,
          "History", history_parameters, "", api_answers},
    Route{Operation::parked_list, "GET", "/api/v1/parked", Access::api, "ListParked",
          "What needs a person, the oldest first", json, "ParkedList", parked_parameters, "", api_answers},
    Route{Operation::parked_one, "GET", "/api/v1/parked/{id}", Access::api, "GetParked",
          "One entry, with its event as far as it is kept", json, "Parked", parked_id, "", api_answers},
    Route{Operation::parked_requeue, "POST", "/api/v1/parked/{id}/requeue", Access::api, "RequeueParked",
          "Puts the entry's event into the inbox again", "", "", parked_id, "", requeue_answers},
    Route{Operation::parked_drop, "DELETE", "/api/v1/parked/{id}", Access::api, "DropParked", "Drops the entry", "", "",
          parked_id, "", drop_answers},
    Route{Operation::rotate,
          "POST",
          "/api/v1/rotate",
          Access::api,
          "Rotate",
          "Rotates a secret now, due or not; force passes age, windows and freeze, never policy or overlap",
          json,
          "Outcome",
          {},
          "RotateRequest",
          rotate_answers},
    Route{Operation::rotation, "GET", "/api/v1/rotations/{id}", Access::api, "Rotation",
          "The outcome of a rotation that was asked for", json, "Outcome", rotation_id, "", api_answers},
};

constexpr std::array functions = {
    Route{Operation::is_alive, "GET", "/IsAlive", Access::open, "IsAlive",
          "Whether kssedr answers, its version, and the region it runs in", json, "IsAlive"},
    Route{Operation::swagger, "GET", "/swagger.json", Access::open, "RenderSwaggerDocument",
          "This description as Swagger 2.0", json, ""},
    Route{Operation::openapi, "GET", "/openapi/v3.json", Access::open, "RenderOpenApiDocument",
          "This description as OpenAPI 3.0", json, ""},
    Route{Operation::swagger_ui, "GET", "/swagger/ui", Access::open, "RenderSwaggerUI",
          "A page that shows this description", html, ""},
};

// Whether the path is the pattern's; what stands in the place of `{id}`.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
    if (path.size() > 2 && path.ends_with('/')) path.remove_suffix(1);
    auto const expected = split(pattern, '/');
    auto const given = split(path, '/');
    if (expected.size() != given.size()) return std::nullopt;
    std::string id;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i] == "{id}" && !given[i].empty())
            id = given[i];
        else if (expected[i] != given[i])
            return std::nullopt;
    }
    return id;
}

}  // namespace

std::span<Route const> daemon_routes() {
    return daemon;
}

std::span<Route const> functions_routes() {
    return functions;
}

std::optional<FoundRoute> find_route(std::string_view method, std::string_view path) {
    FoundRoute found;
    std::vector<std::string_view> allowed;
    for (auto const& route : daemon) {
        auto const id = match(route.path, path);
        if (!id) continue;
        allowed.push_back(route.method);
        if (route.method == "GET") allowed.emplace_back("HEAD");
        bool const is_it = route.method == method || (route.method == "GET" && method == "HEAD");
        if (!is_it) continue;
        found.route = &route;
        found.id = *id;
    }
    if (allowed.empty()) return std::nullopt;
    found.allowed = join(allowed);
    return found;
}

}  // namespace kssedr::server
