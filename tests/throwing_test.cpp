// Code of the caller that throws, or that may be called from one thread only.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

const Box square{{"x", -5, 5}, {"y", -5, 5}};

struct Thrown {
    int at;
};

/// Himmelblau's function; before each block `watch` is called with it.
class Watched final : public Objective {
  public:
    using Watch =
        std::function<void(std::size_t lanes, std::function<double(std::size_t j, std::size_t lane)> x)>;

    explicit Watched(Watch watch, Calls calls = Calls::from_any_thread)
        : watch_(std::move(watch)), calls_(calls) {}

    std::size_t dimension() const noexcept override { return 2; }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const override { evaluate_lanes(block); }
    void evaluate_f32(const Block<float>& block) const override { evaluate_lanes(block); }
    Calls calls() const noexcept override { return calls_; }

  private:
    template <class T>
    void evaluate_lanes(const Block<T>& block) const {
        watch_(block.lanes,
               [&](std::size_t j, std::size_t lane) { return static_cast<double>(block.x(j)[lane]); });
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            const T x = block.x(0)[lane];
            const T y = block.x(1)[lane];
            const T a = x * x + y - 11;
            const T b = x + y * y - 7;
            block.f()[lane] = a * a + b * b;
            block.g(0)[lane] = 4 * a * x + 2 * b;
            block.g(1)[lane] = 2 * a + 4 * b * y;
        }
    }

    Watch watch_;
    Calls calls_;
};

/// Throws in its call number `at`, from 1.
Watched throwing(std::atomic<int>& calls, int at, Calls calls_from = Calls::from_any_thread) {
    return Watched(
        [&calls, at](std::size_t, const auto&) {
            if (++calls == at) throw Thrown{at};
        },
        calls_from);
}

const Watched quiet([](std::size_t, const auto&) {});

Options with(int threads, Precision precision) {
    return {.starts = 200, .iterations = 100, .precision = precision, .threads = threads};
}

}  // namespace

TEST_CASE("what an objective throws ends the search and reaches its caller") {
    const Precision precision = GENERATE(Precision::f64, Precision::f32);
    const int threads = GENERATE(1, 2, 4);
    const Calls from = GENERATE(Calls::from_any_thread, Calls::from_the_caller);
    const Options options = with(threads, precision);
    const std::string expected = bits_of(minimize(quiet, square, options));
    std::atomic<int> all = 0;
    minimize(throwing(all, 0, from), square, options);
    REQUIRE(all > 300);
    for (const int at : {1, 2, 3, 10, 100, all / 4, all / 2, 3 * all / 4}) {
        INFO("call " << at << " of " << all);
        std::atomic<int> calls = 0;
        const Watched objective = throwing(calls, at, from);
        CHECK_THROWS_AS(minimize(objective, square, options), Thrown);
        if (threads == 1 || from == Calls::from_the_caller) CHECK(calls == at);
    }
    CHECK(bits_of(minimize(quiet, square, options)) == expected);
}

TEST_CASE("what an objective throws when a search has ended reaches its caller too") {
    const Options options = with(2, Precision::f64);
    std::atomic<int> all = 0;
    minimize(throwing(all, 0), square, options);
    // The minima that are described are evaluated last.
    std::atomic<int> calls = 0;
    CHECK_THROWS_AS(minimize(throwing(calls, all), square, options), Thrown);
}

TEST_CASE("a search that an objective's bad_alloc ends is not taken for one without memory") {
    std::atomic<int> calls = 0;
    const Watched objective([&](std::size_t, const auto&) {
        if (++calls >= 100) throw std::bad_alloc();
    });
    CHECK_THROWS_AS(minimize(objective, square, with(2, Precision::f64)), std::bad_alloc);
    calls = 0;
    CHECK_THROWS_AS(minimize(objective, square, with(2, Precision::f32)), std::bad_alloc);
}

TEST_CASE("what a callable throws reaches the caller of every entry") {
    const auto fails = [](auto, auto, auto) { throw Thrown{0}; };
    const auto values_fail = [](auto, auto) { throw Thrown{0}; };
    const Callback callback(2, fails);
    const CentralDifferences differences(square, values_fail);
    const std::vector<double> x = {1, 2};
    const std::vector<std::uint64_t> ids = {0};
    for (const Objective* objective :
         {static_cast<const Objective*>(&callback), static_cast<const Objective*>(&differences)}) {
        CHECK_THROWS_AS(minimize(*objective, square), Thrown);
        CHECK_THROWS_AS(evaluate(*objective, x), Thrown);
        CHECK_THROWS_AS(check_gradient(*objective, square), Thrown);
        CHECK_THROWS_AS(visit_paths(*objective, square, {}, ids, 10, [](const PathPoint&) {}), Thrown);
    }
}

TEST_CASE("what progress, stop, checkpoint and profile throw reaches the caller") {
    const int threads = GENERATE(1, 2, 4);
    const Options options = with(threads, Precision::f64);
    const std::string expected = bits_of(minimize(quiet, square, options));
    for (const int at : {1, 2, 5, 9}) {
        INFO("call " << at);
        int calls = 0;
        const auto count = [&] {
            if (++calls == at) throw Thrown{at};
        };
        Options throws = options;
        throws.progress = [&](const Progress&) { count(); };
        CHECK_THROWS_AS(minimize(quiet, square, throws), Thrown);
        calls = 0;
        throws = options;
        throws.stop = [&] {
            count();
            return false;
        };
        CHECK_THROWS_AS(minimize(quiet, square, throws), Thrown);
        calls = 0;
        throws = options;
        throws.checkpoint_every = 0;
        throws.checkpoint = [&](std::string_view) { count(); };
        CHECK_THROWS_AS(minimize(quiet, square, throws), Thrown);
        CHECK(bits_of(minimize(quiet, square, options)) == expected);
    }
    Options throws = options;
    throws.profile = [](const Profile&) { throw Thrown{0}; };
    CHECK_THROWS_AS(minimize(quiet, square, throws), Thrown);
    CHECK(bits_of(minimize(quiet, square, options)) == expected);
}

TEST_CASE("a search goes on from the last state before its objective threw") {
    Options options = with(2, Precision::f64);
    const std::string expected = bits_of(minimize(quiet, square, options));
    std::string last;
    Options saving = options;
    saving.checkpoint_every = 0;
    saving.checkpoint = [&](std::string_view state) { last = state; };
    std::atomic<int> calls = 0;
    CHECK_THROWS_AS(minimize(throwing(calls, 200), square, saving), Thrown);
    REQUIRE_FALSE(last.empty());
    calls = 0;
    CHECK_THROWS_AS(resume(last, throwing(calls, 2), square, options), Thrown);
    CHECK(bits_of(resume(last, quiet, square, options)) == expected);
}

TEST_CASE("an objective for the calling thread is called there alone, with all live runs at once") {
    Options options = with(4, Precision::f64);
    const bool alone = GENERATE(true, false);  // runs alone, or with offspring and polish
    // Nor is what is between the runs looked at, where none are so near.
    constexpr double nowhere = 1e-15;
    if (alone) {
        options.offspring = options.polish = false;
        options.same_distance = nowhere;
    }
    const std::string expected = bits_of(minimize(quiet, square, options));
    const std::thread::id caller = std::this_thread::get_id();
    std::size_t elsewhere = 0;
    std::size_t alive = 0;  // as last told; 0: not known
    std::size_t iteration = 0;
    std::size_t blocks = 0;  // since then
    std::size_t wrong = 0;
    std::size_t checked = 0;
    const Watched objective(
        [&](std::size_t lanes, const auto& /*x*/) {
            if (std::this_thread::get_id() != caller) ++elsewhere;
            if (alive > 0 && lanes != (alive + 15) / 16 * 16) ++wrong;
            ++blocks;
        },
        Calls::from_the_caller);
    options.progress = [&](const Progress& progress) {
        // One block for each iteration, and one to see where the last led.
        if (alive > 0 && blocks != progress.iteration - iteration + 1) ++wrong;
        if (alive > 0) ++checked;
        const bool goes_on = progress.phase == Phase::starts && progress.iteration < progress.iterations;
        alive = alone && goes_on ? progress.runs_alive : 0;
        iteration = progress.iteration;
        blocks = 0;
    };
    const Result result = minimize(objective, square, options);
    CHECK(bits_of(result) == expected);
    CHECK(result.threads == 1);
    CHECK(elsewhere == 0);
    CHECK(wrong == 0);
    CHECK((checked > 3 || !alone));
}

TEST_CASE("an objective for the calling thread is called with no more lanes than live runs fill") {
    // A third of the runs is at rest from the start on and ends at the first look.
    std::size_t alive = 0;  // as last told; 0: not known
    std::size_t checked = 0;
    std::size_t wrong = 0;
    const Callback objective(
        1,
        [&](auto x, auto f, auto g) {
            if (alive > 0) {
                ++checked;
                wrong += f.size() == (alive + 15) / 16 * 16 ? 0 : 1;
            }
            for (std::size_t lane = 0; lane < f.size(); ++lane) {
                g[0][lane] = x[0][lane] < 0 ? 0 : 1;
                f[lane] = x[0][lane];
            }
        },
        Calls::from_the_caller);
    Options options{
        .iterations = 100, .rule = {.alpha = 1e-6}, .offspring = false, .prune = false, .polish = false};
    for (std::size_t i = 0; i < 100; ++i)
        options.start_points.push_back({i % 3 == 0 ? -0.5 : 0.01 * static_cast<double>(i)});
    options.progress = [&](const Progress& progress) {
        alive = progress.iteration < progress.iterations ? progress.runs_alive : 0;
    };
    minimize(objective, Box{{"x", -1, 1}}, options);
    CHECK(checked > 100);
    CHECK(wrong == 0);
}

TEST_CASE("lanes that no run needs hold copies of one that a run does") {
    // Some runs start where nothing moves them, and end at the first look. What they leave, and what was
    // never a run's, must not be evaluated elsewhere than where the others are.
    const std::size_t still = GENERATE(0, 1, 10);
    const std::size_t tile_lanes = GENERATE(16, 64);
    const std::size_t explore = GENERATE(1, 4);
    constexpr std::size_t starts = 20;
    const Box box{{"x", -100, 100}, {"y", -100, 100}};
    Options options{.starts = explore == 1 ? std::nullopt : std::optional<std::size_t>(24),
                    .iterations = 200,
                    .rule = {.alpha = 1e-5},
                    .explore = explore,
                    .offspring = false,
                    .prune = false,
                    .polish = false,
                    .threads = 1,
                    .tile_lanes = tile_lanes};
    for (std::size_t i = 0; i < starts; ++i)
        options.start_points.push_back({i < still ? -50.0 : 50.0, static_cast<double>(i)});
    std::atomic<bool> ended = false;
    std::atomic<std::size_t> foreign = 0;
    const Callback objective(2, [&](Rows<const double> x, std::span<double> f, Rows<double> g) {
        for (std::size_t lane = 0; lane < f.size(); ++lane) {
            const bool stays = x[0][lane] == -50;
            if (x[0][lane] == -100 || x[1][lane] == -100 || (stays && ended)) ++foreign;
            f[lane] = stays ? 0 : x[0][lane] + x[1][lane];
            g[0][lane] = g[1][lane] = stays ? 0 : 1;
        }
    });
    const std::size_t all = starts + options.starts.value_or(0);
    options.progress = [&](const Progress& progress) {
        // In the end what was found is evaluated once more.
        ended = progress.runs_begun < all ||
                (progress.iteration < progress.iterations && progress.runs_alive > 0);
    };
    minimize(objective, box, options);
    CHECK(foreign == 0);
}
