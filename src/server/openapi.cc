#include "server/openapi.h"

#include "base/ascii.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace kssedr::server {
namespace {

namespace json = boost::json;

struct Operation {
    std::string_view path;
    std::string_view id;
    std::string_view summary;
    std::string_view content_type;
    std::string_view schema;  // a name under the schemas; empty: text, or any object
};

constexpr std::array operations = {
    Operation{"/IsAlive", "IsAlive", "Whether kssedr answers, its version, and the region it runs in",
              "application/json", "IsAlive"},
    Operation{"/swagger.json", "RenderSwaggerDocument", "This description as Swagger 2.0", "application/json", ""},
    Operation{"/openapi/v3.json", "RenderOpenApiDocument", "This description as OpenAPI 3.0", "application/json", ""},
    Operation{"/swagger/ui", "RenderSwaggerUI", "A page that shows this description", "text/html", ""},
};

// `schemas` is where the named ones stand.
json::object schema_of(Operation const& operation, std::string_view schemas) {
    if (!operation.schema.empty()) return {{"$ref", std::string(schemas) + std::string(operation.schema)}};
    return {{"type", operation.content_type == "application/json" ? "object" : "string"}};
}

constexpr std::string_view title = "kssedr";
constexpr std::string_view description = "Rotates the credentials kept in Azure Key Vault when they near their expiry.";

// Swagger 2.0 has no `nullable`; tools read `x-nullable` there.
json::object is_alive_schema(std::string_view nullable) {
    return {
        {"type", "object"},
        {"required", {"version", "timestamp", "isAlive"}},
        {"properties",
         {{"version", {{"type", "string"}, {"description", "Version of kssedr"}}},
          {"timestamp", {{"type", "string"}, {"format", "date-time"}, {"description", "When this was answered"}}},
          {"isAlive", {{"type", "boolean"}, {"description", "Always true"}}},
          {"regionName", {{"type", "string"}, {nullable, true}, {"description", "REGION_NAME; null where unset"}}}}}};
}

// A Host header is the caller's to choose: only what can be a host and a port is repeated.
bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    });
}

// Behind Azure's front end the outside is TLS; on a developer's machine it is not.
std::string_view scheme_of(std::string_view host) {
    bool const is_local = host.starts_with("localhost") || host.starts_with("127.");
    return is_local ? "http" : "https";
}

}  // namespace

std::string format_swagger(Location const& location) {
    json::object paths;
    for (auto const& operation : operations) {
        auto schema = schema_of(operation, "#/definitions/");
        paths[operation.path] = {{"get",
                                  {{"operationId", operation.id},
                                   {"summary", operation.summary},
                                   {"produces", json::array{json::value(operation.content_type)}},
                                   {"responses", {{"200", {{"description", "OK"}, {"schema", schema}}}}}}}};
    }
    json::object document{{"swagger", "2.0"},
                          {"info", {{"title", title}, {"description", description}, {"version", location.version}}}};
    if (is_host(location.host)) {
        document["host"] = location.host;
        document["schemes"] = json::array{json::value(scheme_of(location.host))};
    }
    document["basePath"] = location.base_path.empty() ? "/" : location.base_path;
    document["paths"] = std::move(paths);
    document["definitions"] = {{"IsAlive", is_alive_schema("x-nullable")}};
    return json::serialize(document);
}

std::string format_openapi(Location const& location) {
    json::object paths;
    for (auto const& operation : operations) {
        json::object content;
        content[operation.content_type] = {{"schema", schema_of(operation, "#/components/schemas/")}};
        paths[operation.path] = {
            {"get",
             {{"operationId", operation.id},
              {"summary", operation.summary},
              {"responses", {{"200", {{"description", "OK"}, {"content", std::move(content)}}}}}}}};
    }
    std::string url(location.base_path);
    if (is_host(location.host)) url = std::string(scheme_of(location.host)) + "://" + std::string(location.host) + url;
    json::object const document{
        {"openapi", "3.0.1"},
        {"info", {{"title", title}, {"description", description}, {"version", location.version}}},
        {"servers", json::array{{{"url", url.empty() ? "/" : url}}}},
        {"paths", std::move(paths)},
        {"components", {{"schemas", {{"IsAlive", is_alive_schema("nullable")}}}}}};
    return json::serialize(document);
}

}  // namespace kssedr::server
