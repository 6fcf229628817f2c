// kafka-cluster: librdkafka's mock cluster, commanded on standard input.
//
//   kafka-cluster BROKERS TOPIC PARTITIONS
//
// Prints its addresses, then an answer for each command:
//   produce PARTITION VALUE     "produced"; VALUE `null` has none, `N bytes` is that long
//   many COUNT                  values m0, m1… over the partitions in turn
//   committed GROUP             the offset of each partition, -1001 for none
//   errors KEY COUNT ERROR      the next COUNT requests of that kind (its number in the protocol) fail so
//   topic-error ERROR           what is said of the topic; 0 for nothing
//   down | up                   the brokers
//   slow MILLISECONDS           each answer takes so long

#include <librdkafka/rdkafka.h>

#include <librdkafka/rdkafka_mock.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

// What fails here is a test's mistake.
void must(bool is_so, char const* what) {
    if (is_so) return;
    std::cerr << "kafka-cluster: " << what << std::endl;
    std::exit(1);
}

rd_kafka_t* client(rd_kafka_type_t type, std::string const& brokers, std::string const& group) {
    auto* const settings = rd_kafka_conf_new();
    auto const set = [&](char const* name, char const* value) {
        must(rd_kafka_conf_set(settings, name, value, nullptr, 0) == RD_KAFKA_CONF_OK, name);
    };
    if (!brokers.empty()) set("bootstrap.servers", brokers.c_str());
    if (type == RD_KAFKA_PRODUCER) set("message.max.bytes", "30000000");
    if (!group.empty()) set("group.id", group.c_str());
    set("log_level", "0");
    auto* const made = rd_kafka_new(type, settings, nullptr, 0);
    must(made != nullptr, "no client");
    return made;
}

class Cluster {
public:
    Cluster(int brokers, std::string topic, int partitions)
        : topic_(std::move(topic)),
          partitions_(partitions),
          host_(client(RD_KAFKA_PRODUCER, "", "")),
          mock_(rd_kafka_mock_cluster_new(host_, brokers)),
          addresses_(rd_kafka_mock_cluster_bootstraps(mock_)),
          producer_(client(RD_KAFKA_PRODUCER, addresses_, "")),
          topic_of_producer_(rd_kafka_topic_new(producer_, topic_.c_str(), nullptr)) {
        rd_kafka_mock_topic_create(mock_, topic_.c_str(), partitions, 1);
        std::cout << addresses_ << std::endl;
    }

    void obey(std::string const& line) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        if (word == "produce" || word == "many") {
            send(word, words);
            must(rd_kafka_flush(producer_, 20000) == RD_KAFKA_RESP_ERR_NO_ERROR, "not produced");
        } else if (word == "committed") {
            std::string group;
            words >> group;
            tell_committed(group);
            return;
        } else if (word == "errors") {
            std::int16_t key = 0;
            std::size_t count = 0;
            int error = 0;
            words >> key >> count >> error;
            std::vector<rd_kafka_resp_err_t> const errors(count, static_cast<rd_kafka_resp_err_t>(error));
            rd_kafka_mock_push_request_errors_array(mock_, key, count, errors.data());
        } else if (word == "topic-error") {
            int error = 0;
            words >> error;
            rd_kafka_mock_topic_set_error(mock_, topic_.c_str(), static_cast<rd_kafka_resp_err_t>(error));
        } else if (word == "slow") {
            int milliseconds = 0;
            words >> milliseconds;
            rd_kafka_mock_broker_set_rtt(mock_, -1, milliseconds);
        } else if (word == "down") {
            rd_kafka_mock_broker_set_down(mock_, -1);
        } else if (word == "up") {
            rd_kafka_mock_broker_set_up(mock_, -1);
        } else {
            must(false, "unknown command");
        }
        std::cout << "done" << std::endl;
    }

private:
    void send(std::string const& word, std::istringstream& words) {
        int number = 0;
        words >> number >> std::ws;
        if (word == "many") {
            for (int i = 0; i < number; ++i) produce(i % partitions_, "m" + std::to_string(i), false);
            return;
        }
        std::string value;
        std::getline(words, value);
        if (value.ends_with(" bytes")) value = std::string(std::stoul(value), 'x');
        produce(number, value, value == "null");
    }

    void produce(int partition, std::string value, bool is_null) {
        auto const size = is_null ? 0 : value.size();
        auto* const bytes = is_null ? nullptr : value.data();
        int const sent =
            rd_kafka_produce(topic_of_producer_, partition, RD_KAFKA_MSG_F_COPY, bytes, size, nullptr, 0, nullptr);
        must(sent == 0, rd_kafka_err2str(rd_kafka_last_error()));
        rd_kafka_poll(producer_, 0);
    }

    void tell_committed(std::string const& group) {
        auto* const asking = client(RD_KAFKA_CONSUMER, addresses_, group);
        auto* const list = rd_kafka_topic_partition_list_new(partitions_);
        for (int i = 0; i < partitions_; ++i) rd_kafka_topic_partition_list_add(list, topic_.c_str(), i);
        must(rd_kafka_committed(asking, list, 20000) == RD_KAFKA_RESP_ERR_NO_ERROR, "committed offsets not told");
        for (int i = 0; i < list->cnt; ++i) std::cout << (i == 0 ? "" : " ") << list->elems[i].offset;
        std::cout << std::endl;
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_destroy(asking);
    }

    std::string topic_;
    int partitions_;
    rd_kafka_t* host_;
    rd_kafka_mock_cluster_t* mock_;
    std::string addresses_;
    rd_kafka_t* producer_;
    rd_kafka_topic_t* topic_of_producer_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    Cluster cluster(std::atoi(argv[1]), argv[2], std::atoi(argv[3]));
    std::string line;
    while (std::getline(std::cin, line)) cluster.obey(line);
    // It ends with its process: nothing of it is kept anywhere.
    std::_Exit(0);
}
