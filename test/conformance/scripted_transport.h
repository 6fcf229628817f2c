/// ScriptedTransport: an http::Transport that expects certain requests, in order, and gives the answers a test wrote.
///
///   transport.expect(http::Method::get, "https://demo.vault.azure.net/secrets/web?api-version=7.4").answer(200,
///   R"({…})");
///
/// A request that was not expected fails the test and is answered `internal`; expectations left over fail it at the
/// end. In virtual time: `after` says how long an answer takes, and a deadline that comes first ends the wait as the
/// real transport would.

#pragma once

#include "async/clock.h"
#include "http/transport.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kssedr::test {

/// What was sent, in the clear.
struct SentRequest {
    http::Method method;
    std::string url;
    std::string authorization;
    std::string body;
    std::vector<http::Header> headers;  ///< secret ones included
    bool repeatable;
    bool use_proxy;
    SteadyPoint at;

    [[nodiscard]] std::string header(std::string_view name) const {
        for (auto const& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
};

class Expectation {
public:
    Expectation(http::Method method, std::string url) : method_(method), url_(std::move(url)) {}

    Expectation& with_body(std::string body) { return body_ = std::move(body), *this; }
    Expectation& with_token(std::string_view token) { return authorization_ = "Bearer " + std::string(token), *this; }
    Expectation& after(Duration delay) { return delay_ = delay, *this; }
    Expectation& answer(long status, std::string body, std::vector<http::Header> headers = {}) {
        return status_ = status, answer_body_ = std::move(body), answer_headers_ = std::move(headers), *this;
    }
    Expectation& fails(Errc code) { return failure_ = code, *this; }

private:
    friend class ScriptedTransport;

    http::Method method_;
    std::string url_;
    std::optional<std::string> body_;
    std::optional<std::string> authorization_;
    Duration delay_{};
    long status_ = 200;
    std::string answer_body_;
    std::vector<http::Header> answer_headers_;
    std::optional<Errc> failure_;
};

class ScriptedTransport final : public http::Transport {
public:
    explicit ScriptedTransport(Clock& clock) : clock_(clock) {}
    ~ScriptedTransport() override {
        for (auto const& left : expected_)
            ADD_FAILURE() << "never sent: " << to_string(left->method_) << ' ' << left->url_;
    }

    Expectation& expect(http::Method method, std::string url) {
        return *expected_.emplace_back(std::make_unique<Expectation>(method, std::move(url)));
    }
    [[nodiscard]] std::vector<SentRequest> const& sent() const { return sent_; }

    Async<http::Response> send(http::Request request, SteadyPoint deadline) override {
        remember(request);
        if (expected_.empty()) {
            ADD_FAILURE() << "not expected: " << to_string(request.method) << ' ' << request.url;
            co_return fail(Errc::internal, "not expected by the test");
        }
        auto const expected = std::move(expected_.front());
        expected_.pop_front();
        check(*expected, sent_.back());
        auto const due = clock_.steady_now() + expected->delay_;
        co_await clock_.sleep_until(std::min(due, deadline));
        if (deadline < due) co_return fail(Errc::outcome_unknown, "no answer in time");
        if (expected->failure_) co_return fail(*expected->failure_, "as the test wants");
        http::Response response;
        response.status = expected->status_;
        response.headers = expected->answer_headers_;
        response.body = SecretString::copy_of(expected->answer_body_);
        co_return response;
    }

private:
    void remember(http::Request const& request) {
        SentRequest sent{request.method,
                         request.url,
                         std::string(request.authorization.expose()),
                         std::string(request.body.expose()),
                         request.headers,
                         request.repeatable,
                         request.use_proxy,
                         clock_.steady_now()};
        for (auto const& [name, value] : request.secret_headers) sent.headers.emplace_back(name, value.expose());
        sent_.push_back(std::move(sent));
    }

    static void check(Expectation const& expected, SentRequest const& sent) {
        EXPECT_EQ(to_string(sent.method), to_string(expected.method_));
        EXPECT_EQ(sent.url, expected.url_);
        if (expected.body_) {
            EXPECT_EQ(sent.body, *expected.body_);
        }
        if (expected.authorization_) {
            EXPECT_EQ(sent.authorization, *expected.authorization_);
        }
    }

    Clock& clock_;
    std::deque<std::unique_ptr<Expectation>> expected_;
    std::vector<SentRequest> sent_;
};

}  // namespace kssedr::test
