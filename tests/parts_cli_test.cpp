// Searches in parts as a user or a cluster runs them, with workers that are killed.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "folder.hpp"
#include "lanewise/io.hpp"
#include "lanewise/saved.hpp"
#include "run_program.hpp"

using lanewise::read_file;
using lanewise::test::finish;
using lanewise::test::Folder;
using lanewise::test::Outcome;
using lanewise::test::run;
using lanewise::test::Words;
using lanewise::test::operator+;
using lanewise::test::start;
using nlohmann::json;

namespace {

Words search(const std::string& starts, const Words& more) {
    return Words{"minimize",     "20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)",
                 "--var",        "x=-5.12:5.12",
                 "--var",        "y=-5.12:5.12",
                 "--iterations", "100",
                 "--threads",    "1",
                 "--quiet",      "--starts",
                 starts} +
           more;
}

/// JSON but for what differs from run to run.
json without_time(const std::string& file) {
    json result = json::parse(read_file(file));
    result["work"].erase("seconds");
    result["work"].erase("run_iterations_per_second");
    result["lanewise"].erase("native");
    result["options"].erase("jit");
    return result;
}

std::string state_of(const Folder& folder, int part) {
    return folder / ("part" + std::to_string(part) + ".state").c_str();
}

Words states_of(const Folder& folder, int parts) {
    Words files;
    for (int part = 1; part <= parts; ++part) files.push_back(state_of(folder, part));
    return files;
}

}  // namespace

TEST_CASE("100 parts with 50 workers killed at random moments come to the bits of one process") {
    constexpr int parts = 100;
    const Folder folder;
    const std::string whole = folder / "whole.json";
    REQUIRE(run(search("3000", {"--parts", "100", "--json", whole})).code == 0);

    std::mt19937 random(7);
    int kills = 0;
    std::vector<int> waiting;
    for (int part = 1; part <= parts; ++part) waiting.push_back(part);
    std::shuffle(waiting.begin(), waiting.end(), random);
    while (!waiting.empty()) {
        const int part = waiting.back();
        waiting.pop_back();
        const std::string state = state_of(folder, part);
        const Folder of_worker;
        const pid_t worker =
            start(of_worker, search("3000", {"--part", std::to_string(part) + "/100", "--checkpoint", state,
                                             "--resume", state, "--every", "0"}));
        const bool is_doomed = kills < 50;
        if (is_doomed) {
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 12'000));
            ::kill(worker, SIGKILL);
        }
        const Outcome outcome = finish(of_worker, worker);
        if (outcome.code == -SIGKILL) {
            ++kills;
            waiting.insert(waiting.begin() + static_cast<std::ptrdiff_t>(random() % (waiting.size() + 1)),
                           part);
        } else {
            REQUIRE(outcome.err.empty());
            REQUIRE(outcome.code == 0);
        }
    }
    CHECK(kills > 0);
    Words files = states_of(folder, parts);
    std::shuffle(files.begin(), files.end(), random);
    const std::string all = folder / "all.json";
    const Outcome merged = run(Words{"merge", "--json", all} + files);
    CHECK(merged.err.empty());
    CHECK(merged.code == 0);
    CHECK_THAT(merged.out, ContainsSubstring("parts  100 of 100\n"));
    CHECK(without_time(all) == without_time(whole));
}

TEST_CASE("rounds of parts by hand come to the bits of one process, which goes on from a folder") {
    const Folder folder;
    const Words options = {"--rounds", "2", "--prune", "off"};
    const std::string whole = folder / "whole.json";
    REQUIRE(run(search("400",
                       options + Words{"--parts", "4", "--json", whole, "--checkpoint", folder / "states"}))
                .code == 0);
    CHECK(std::filesystem::exists(folder / "states/part-3-of-4.state"));
    std::filesystem::remove(folder / "states/part-3-of-4.state");
    const std::string again = folder / "again.json";
    REQUIRE(run(search("400", options + Words{"--parts", "4", "--json", again, "--checkpoint",
                                              folder / "states", "--resume", folder / "states"}))
                .code == 0);
    CHECK(without_time(again) == without_time(whole));

    const std::string handed = folder / "round2";
    const auto work_on = [&](int part, const Words& more) {
        return run(search(
            "400", options +
                       Words{"--part", std::to_string(part) + "/4", "--checkpoint", state_of(folder, part)} +
                       more));
    };
    REQUIRE(work_on(1, {}).code == 0);
    REQUIRE(work_on(2, {}).code == 0);
    CHECK_THAT(work_on(3, {}).err, ContainsSubstring("handed: part 3 is of round 2 of 2"));
    const Outcome first = run(Words{"merge"} + states_of(folder, 2));
    CHECK(first.code == 2);
    CHECK_THAT(first.err, ContainsSubstring("parts 3 and 4 of 4 are of rounds to come; --hand-out FILE"));
    REQUIRE(run(Words{"merge", "--hand-out", handed} + states_of(folder, 2)).code == 0);
    REQUIRE(work_on(3, {"--handed", handed}).code == 0);
    REQUIRE(work_on(4, {"--handed", handed}).code == 0);
    const std::string all = folder / "all.json";
    REQUIRE(run(Words{"merge", "--json", all} + states_of(folder, 4)).code == 0);
    CHECK(without_time(all) == without_time(whole));
    const Outcome over = run(Words{"merge", "--hand-out", handed} + states_of(folder, 4));
    CHECK_THAT(over.err, ContainsSubstring("hand-out: these are the parts of the last round"));
}

TEST_CASE("merge refuses by the names of files, and goes on without what may be missing") {
    const Folder folder;
    for (const int part : {1, 3})
        REQUIRE(run(search("300",
                           {"--part", std::to_string(part) + "/3", "--checkpoint", state_of(folder, part)}))
                    .code == 0);
    const auto merge = [&](const Words& more) { return run(Words{"merge"} + more); };
    const std::string first = state_of(folder, 1);
    const std::string third = state_of(folder, 3);
    CHECK(merge({first, third}).err == "lanewise: part 2 of 3 is missing\n");
    CHECK(merge({first, third}).code == 2);
    const Outcome some = merge({third, first, "--allow-missing"});
    CHECK(some.code == 0);
    CHECK(some.err == "lanewise: part 2 of 3 is missing\n");
    CHECK_THAT(some.out, ContainsSubstring("ended  parts-missing\n"));
    const std::string copy = folder / "copy.state";
    std::filesystem::copy_file(first, copy);
    CHECK(merge({first, third, copy}).err == "lanewise: " + copy + ": part 1 is " + first + ", too\n");
    const std::string other = folder / "other.state";
    REQUIRE(run(search("301", {"--part", "2/3", "--checkpoint", other})).code == 0);
    CHECK(merge({first, other, third}).err ==
          "lanewise: " + other + ": starts 300: the saved search has 301\n");
    CHECK_THAT(merge({first, third, "--allow-missing", "--json", third}).err,
               ContainsSubstring("the part is read from there"));
    CHECK_THAT(merge({first, "--out", folder / "o.csv"}).err, ContainsSubstring("out: is for the CSVs"));
    CHECK_THAT(run({"minima", first}).err, ContainsSubstring("the part is done"));
    // A finished part that is resumed tells the same again.
    const Outcome again = run(search("300", {"--part", "1/3", "--checkpoint", first, "--resume", first}));
    CHECK(again.code == 0);
    CHECK_THAT(again.out, ContainsSubstring("parts  number 1 of 3 alone\n"));
}

TEST_CASE("parts of an objective with data are merged with that data") {
    const Folder folder;
    const std::string rows = folder.file("rows.csv", "t,y\n0,5\n1,3\n2,2\n").string();
    const Words of_data = {"minimize", "rows((y - a*exp(-k*t))^2)",
                           "--var",    "a=0:9",
                           "--var",    "k=0:5",
                           "--starts", "40",
                           "--data",   rows,
                           "--quiet"};
    const std::string whole = folder / "whole.json";
    REQUIRE(run(of_data + Words{"--parts", "2", "--json", whole}).code == 0);
    for (const int part : {1, 2})
        REQUIRE(run(of_data +
                    Words{"--part", std::to_string(part) + "/2", "--checkpoint", state_of(folder, part)})
                    .code == 0);
    CHECK_THAT(run(Words{"merge"} + states_of(folder, 2)).err, ContainsSubstring("the objective has data"));
    const std::string all = folder / "all.json";
    CHECK(run(Words{"merge", "--data", rows, "--json", all} + states_of(folder, 2)).code == 0);
    CHECK(without_time(all) == without_time(whole));
    const std::string others = folder.file("others.csv", "t,y\n0,5\n1,3\n2,1\n").string();
    CHECK_THAT(run(Words{"merge", "--data", others} + states_of(folder, 2)).err,
               ContainsSubstring("part1.state: data of "));
}
