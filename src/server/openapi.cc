#include "server/openapi.h"

#include "base/ascii.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

namespace kssedr::server {
namespace {

namespace json = boost::json;

constexpr std::string_view title = "kssedr";
constexpr std::string_view description = "Rotates the credentials kept in Azure Key Vault when they near their expiry.";
constexpr std::string_view json_content = "application/json";

/// What the two formats spell differently.
struct Format {
    std::string_view schemas;   // where the named ones stand
    std::string_view nullable;  // Swagger 2.0 has no `nullable`; tools read `x-nullable` there
    bool is_swagger;
};
constexpr Format swagger{"#/definitions/", "x-nullable", true};
constexpr Format openapi{"#/components/schemas/", "nullable", false};

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

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

json::object all_schemas(Format const& format) {
    auto text = replace_all(std::string(schemas_text()), "#/schemas/", format.schemas);
    return json::parse(replace_all(std::move(text), "\"nullable\"", '"' + std::string(format.nullable) + '"'))
        .as_object();
}

// The schemas that the text names, and those that they name.
json::object schemas_in(std::string text, Format const& format) {
    auto const all = all_schemas(format);
    json::object used;
    for (bool has_grown = true; has_grown;) {
        has_grown = false;
        for (auto const& [name, schema] : all) {
            bool const is_named = text.contains(std::string(format.schemas) + std::string(name) + '"');
            if (!is_named || used.contains(name)) continue;
            used[name] = schema;
            text += json::serialize(schema);
            has_grown = true;
        }
    }
    return used;
}

json::object refer(std::string_view schema, Format const& format) {
    return {{"$ref", std::string(format.schemas) + std::string(schema)}};
}

json::object schema_of(Route const& route, Format const& format) {
    if (!route.schema.empty()) return refer(route.schema, format);
    return {{"type", route.content_type == json_content ? "object" : "string"}};
}

json::object answer_with(std::string_view summary, std::string_view content_type, json::object schema,
                         Format const& format) {
    json::object answer{{"description", summary}};
    if (content_type.empty()) return answer;
    if (format.is_swagger) {
        answer["schema"] = std::move(schema);
    } else {
        json::object content;
        content[content_type] = json::object{{"schema", std::move(schema)}};
        answer["content"] = std::move(content);
    }
    return answer;
}

json::object answers_of(Route const& route, Format const& format) {
    json::object answers;
    bool const has_other_success = std::ranges::any_of(route.answers, [&](AnswerOf const& answer) {
        return route.content_type.empty() && answer.status > 200 && answer.status < 300;
    });
    if (!has_other_success) answers["200"] = answer_with("OK", route.content_type, schema_of(route, format), format);
    for (auto const& [status, summary] : route.answers) {
        bool const is_error = status >= 400 && status != 413 && route.operation != Operation::readiness;
        answers[std::to_string(status)] = answer_with(summary, is_error ? json_content : "",
                                                      is_error ? refer("Error", format) : json::object(), format);
    }
    return answers;
}

json::object describe(Parameter const& parameter, bool is_in_path, Format const& format) {
    json::object described{
        {"name", parameter.name}, {"in", is_in_path ? "path" : "query"}, {"description", parameter.summary}};
    described["required"] = is_in_path;
    json::object type{{"type", parameter.kind == Parameter::Kind::number ? "integer" : "string"}};
    if (parameter.kind == Parameter::Kind::time) type["format"] = "date-time";
    if (format.is_swagger)
        for (auto const& [key, value] : type) described[key] = value;
    else
        described["schema"] = std::move(type);
    return described;
}

json::array parameters_of(Route const& route, Format const& format) {
    json::array parameters;
    for (auto const& parameter : route.parameters)
        parameters.push_back(describe(parameter, route.path.contains("{" + std::string(parameter.name) + "}"), format));
    if (!route.body_schema.empty() && format.is_swagger)
        parameters.push_back(json::object{
            {"name", "body"}, {"in", "body"}, {"required", true}, {"schema", refer(route.body_schema, format)}});
    return parameters;
}

json::object describe(Route const& route, Format const& format) {
    json::object described{{"operationId", route.id}, {"summary", route.summary}};
    if (format.is_swagger && !route.content_type.empty())
        described["produces"] = json::array{json::value(route.content_type)};
    if (auto parameters = parameters_of(route, format); !parameters.empty())
        described["parameters"] = std::move(parameters);
    if (!route.body_schema.empty() && !format.is_swagger)
        described["requestBody"] = {
            {"required", true}, {"content", {{"application/json", {{"schema", refer(route.body_schema, format)}}}}}};
    described["responses"] = answers_of(route, format);
    if (route.access != Access::open) described["security"] = json::array{json::object{{"bearer", json::array()}}};
    return described;
}

json::object paths_of(std::span<Route const> routes, Format const& format) {
    json::object paths;
    for (auto const& route : routes) {
        auto& path = paths[route.path];
        if (!path.is_object()) path.emplace_object();
        path.as_object()[to_ascii_lower(route.method)] = describe(route, format);
    }
    return paths;
}

bool is_guarded(std::span<Route const> routes) {
    return std::ranges::any_of(routes, [](Route const& route) { return route.access != Access::open; });
}

json::object about(Location const& location) {
    return {{"title", title}, {"description", description}, {"version", location.version}};
}

}  // namespace

std::string format_swagger(Location const& location, std::span<Route const> routes) {
    json::object document{{"swagger", "2.0"}, {"info", about(location)}};
    if (is_host(location.host)) {
        document["host"] = location.host;
        document["schemes"] = json::array{json::value(scheme_of(location.host))};
    }
    document["basePath"] = location.base_path.empty() ? "/" : location.base_path;
    auto paths = paths_of(routes, swagger);
    document["definitions"] = schemas_in(json::serialize(paths), swagger);
    document["paths"] = std::move(paths);
    if (is_guarded(routes))
        document["securityDefinitions"] = {
            {"bearer", {{"type", "apiKey"}, {"in", "header"}, {"name", "Authorization"}}}};
    return json::serialize(document);
}

std::string format_openapi(Location const& location, std::span<Route const> routes) {
    std::string url(location.base_path);
    if (is_host(location.host)) url = std::string(scheme_of(location.host)) + "://" + std::string(location.host) + url;
    auto paths = paths_of(routes, openapi);
    json::object components{{"schemas", schemas_in(json::serialize(paths), openapi)}};
    if (is_guarded(routes)) components["securitySchemes"] = {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}}};
    json::object const document{{"openapi", "3.0.1"},
                                {"info", about(location)},
                                {"servers", json::array{{{"url", url.empty() ? "/" : url}}}},
                                {"paths", std::move(paths)},
                                {"components", std::move(components)}};
    return json::serialize(document);
}

}  // namespace kssedr::server
