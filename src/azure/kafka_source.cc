#include "azure/kafka_source.h"

#include "azure/kafka_consumer.h"
#include "azure/kafka_session.h"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace kssedr::azure {
namespace {

constexpr Duration start_again_after = std::chrono::minutes{1};

struct Opened {
    Result<std::unique_ptr<KafkaConsumer>> consumer;
    KafkaSourceOptions options;
};

}  // namespace

KafkaSource::KafkaSource(asio::any_io_executor executor, Offload& offload, KafkaSourceOptions options,
                         TokenSource* tokens, Clock& clock, Log& log, KafkaLimits limits)
    : executor_(std::move(executor)),
      offload_(offload),
      options_(std::move(options)),
      tokens_(tokens),
      clock_(clock),
      log_(log),
      limits_(limits),
      health_(options_.brokers, options_.topic, options_.group, to_sign_in(options_), clock.now()) {}

Task<std::unique_ptr<KafkaConsumer>> KafkaSource::open() {
    for (;;) {
        // It reads files of certificates, and on the first time the library.
        std::move_only_function<Opened()> start = [options = std::move(options_), limits = limits_]() mutable {
            auto consumer = KafkaConsumer::open(options, limits);
            return Opened{std::move(consumer), std::move(options)};
        };
        options_ = {};
        auto opened = co_await offload_.run<Opened>(std::move(start));
        options_ = std::move(opened.options);
        if (opened.consumer) {
            options_.password.clear();
            co_return *std::move(opened.consumer);
        }
        health_.on_failure(ports::SourceState::unusable, opened.consumer.error().message(), clock_.now());
        co_await clock_.sleep_for(start_again_after);
    }
}

Task<void> KafkaSource::run(ports::EventConsumer& consumer) {
    auto const audience = tokens_ != nullptr && to_sign_in(options_) == KafkaSignIn::token
                              ? to_token_audience(options_.brokers)
                              : std::string();
    auto client = co_await open();
    std::exception_ptr thrown;
    {
        KafkaSession session(executor_, *client, options_.name, consumer, health_, clock_, log_, limits_);
        if (!audience.empty()) session.sign_in_with(*tokens_, audience);
        try {
            co_await session.run();
        } catch (...) {
            thrown = std::current_exception();
        }
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await session.close();
    }
    std::move_only_function<bool()> end = [client = std::move(client)]() mutable {
        client.reset();
        return true;
    };
    co_await offload_.run<bool>(std::move(end));
    std::rethrow_exception(thrown);
}

}  // namespace kssedr::azure
