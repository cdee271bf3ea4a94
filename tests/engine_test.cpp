// A second engine, a loop over runs, takes the local one's place: the search comes to the same bits with it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/swarm.hpp"
#include "lanewise/lanewise.hpp"
#include "objective/evaluate.hpp"
#include "search/region.hpp"
#include "search/report.hpp"
#include "search/search.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

/// One run after the other, one number after the other: Adam in double precision.
class PlainEngine final : public Engine {
  public:
    PlainEngine(const Setup& setup, Halt& halt) : setup_(&setup), halt_(&halt) {}

    void begin(std::size_t first, std::size_t count, std::span<const Course> courses,
               const Origins& origins) override {
        first_ = first;
        course_ = courses.front();
        iteration_ = 0;
        runs_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            Run run = {.number = static_cast<std::uint32_t>(first + i)};
            run.x.resize(d());
            run.m.resize(d());
            run.v.resize(d());
            run.largest_g.resize(d());
            run.g.resize(d());
            origins.candidate(i, 0, run.x);
            run.best_x = run.x;
            const std::size_t candidates = origins.candidates(i);
            for (std::size_t c = 0; c < candidates && candidates > 1; ++c) {
                origins.candidate(i, c, run.x);
                evaluate(run);
                keep_best(run, -1);
            }
            if (candidates > 1) work_.evaluations += candidates;
            run.x = run.best_x;
            runs_.push_back(std::move(run));
        }
    }

    void advance(std::size_t iteration, std::size_t iterations) override {
        work_.evaluations += runs_.size();
        for (Run& run : runs_) {
            for (std::size_t k = iteration; k < iteration + iterations && run.status == RunStatus::stopped;
                 ++k) {
                look_at(run, static_cast<std::int32_t>(k) - 1);
                if (run.status == RunStatus::stopped) step(run, k);
            }
            if (run.status == RunStatus::stopped)
                look_at(run, static_cast<std::int32_t>(iteration + iterations) - 1);
        }
        iteration_ = iteration + iterations;
    }

    void look(Look& look) override {
        look.resize(runs_.size());
        look.iteration = iteration_;
        for (std::size_t i = 0; i < runs_.size(); ++i) {
            const Run& run = runs_[i];
            look.run[i] = run.number;
            look.status[i] = run.status;
            look.f[i] = run.f;
            look.slope[i] = slope(run);
            look.best_f[i] = run.best_f;
            look.best_iteration[i] = run.best_iteration;
        }
    }

    void points(std::span<const std::uint32_t> runs, Where where, std::span<double> x) const override {
        for (std::size_t i = 0; i < runs.size(); ++i) {
            const Run& run = *std::ranges::find(runs_, runs[i], &Run::number);
            std::ranges::copy(where == Where::best ? run.best_x : run.x, x.subspan(i * d(), d()).begin());
        }
    }

    void end(std::span<const Verdict> verdicts, std::span<double> x) override {
        for (const Verdict& verdict : verdicts) {
            points(std::span(&verdict.run, 1), verdict.where, x.subspan((verdict.run - first_) * d(), d()));
            std::erase_if(runs_, [&](const Run& run) { return run.number == verdict.run; });
        }
    }

    std::vector<Polished> polish(std::span<const PolishStart> starts, PolishTo to,
                                 const PolishEffort& effort) override {
        std::vector<Polished> polished;
        const auto share = [](std::size_t count, const std::function<void(std::size_t)>& work) {
            for (std::size_t i = 0; i < count; ++i) work(i);
        };
        for (std::size_t i = 0; i < starts.size(); ++i)
            polished.push_back(
                lanewise::polish(*setup_, starts.subspan(i, 1), to, effort, share, *halt_).front());
        return polished;
    }

    void evaluate(std::span<const std::vector<double>> points,
                  const std::function<void(std::size_t, const Evaluation&)>& visit) override {
        evaluate_points(*setup_->objective, points, setup_->isa, {},
                        [&](std::size_t i, const Evaluation& at) {
                            Evaluation signed_at = at;
                            signed_at.f *= setup_->sign;
                            for (std::size_t j = 0; j < d(); ++j)
                                signed_at.gradient[j] = width(j) == 0 ? 0 : setup_->sign * at.gradient[j];
                            visit(i, signed_at);
                        });
    }

    EngineWork work() const override { return work_; }
    std::uint64_t evaluations_in_vain() const override { return 0; }
    int threads() const override { return 1; }
    std::size_t tile_lanes() const override { return lane_multiple; }
    Profile profile() override { return {}; }
    void save(Writer&) override {}
    void load(Reader&, std::size_t, const Course&) override {}
    void take_up(const Stand&) override {}

  private:
    struct Run {
        std::uint32_t number;
        std::vector<double> x = {}, best_x = {}, m = {}, v = {}, largest_g = {}, g = {};
        double f = 0;
        double best_f = std::numeric_limits<double>::infinity();
        std::int32_t best_iteration = -1;
        RunStatus status = RunStatus::stopped;
    };

    std::size_t d() const { return setup_->box->dimension(); }
    double width(std::size_t j) const { return setup_->box->upper()[j] - setup_->box->lower()[j]; }

    /// Value and gradient of the minimisation.
    void evaluate(Run& run) {
        const Evaluation at = lanewise::evaluate(*setup_->objective, run.x, setup_->isa);
        run.f = setup_->sign * at.f;
        for (std::size_t j = 0; j < d(); ++j) run.g[j] = width(j) == 0 ? 0 : setup_->sign * at.gradient[j];
    }

    static bool keep_best(Run& run, std::int32_t iteration) {
        const bool finite =
            std::isfinite(run.f) && std::ranges::all_of(run.g, [](double g) { return std::isfinite(g); });
        if (finite && run.f < run.best_f) {
            run.best_f = run.f;
            run.best_x = run.x;
            run.best_iteration = iteration;
        }
        return finite;
    }

    void look_at(Run& run, std::int32_t iteration) {
        evaluate(run);
        if (keep_best(run, iteration)) return;
        run.status = std::isfinite(run.best_f) ? RunStatus::nan_on_the_way : RunStatus::nan_at_start;
        run.x = run.best_x;
    }

    void step(Run& run, std::size_t k) {
        ++work_.run_iterations;
        const kernels::Step<double> step = step_at<double>(course_, k);
        for (std::size_t j = 0; j < d(); ++j) {
            const double lower = setup_->box->lower()[j];
            const double upper = setup_->box->upper()[j];
            const double scale = course_.scale == Scale::box ? width(j) : 1;
            run.m[j] = std::fma(step.beta1, run.m[j], run.g[j]);
            run.v[j] = std::fma(run.g[j], run.g[j], step.beta2 * run.v[j]);
            run.largest_g[j] = std::max(run.largest_g[j], std::abs(run.g[j]));
            const double root = std::sqrt(run.v[j]) + step.eps;
            const double stride = step.alpha * run.m[j] / std::fma(step.eps_g, run.largest_g[j], root);
            const double target = std::fma(-scale, stride, run.x[j]);
            run.x[j] = std::clamp(target, lower, upper);
            if (run.x[j] != target) run.m[j] = 0;
        }
    }

    /// The steepest way down inside the box.
    double slope(const Run& run) const {
        double steepest = 0;
        for (std::size_t j = 0; j < d(); ++j) {
            const bool held = (run.x[j] == setup_->box->lower()[j] && run.g[j] > 0) ||
                              (run.x[j] == setup_->box->upper()[j] && run.g[j] < 0);
            const double scale = course_.scale == Scale::box ? width(j) : 1;
            if (!held) steepest = std::max(steepest, std::abs(scale * run.g[j]));
        }
        return steepest;
    }

    const Setup* setup_;
    Halt* halt_;
    Course course_ = Course(Options{});
    std::size_t first_ = 0;
    std::size_t iteration_ = 0;
    std::vector<Run> runs_;  ///< that have not been ended
    EngineWork work_;
};

}  // namespace

TEST_CASE("an engine of another kind takes the local one's place, to the bit") {
    struct Search {
        const char* text;
        Box box;
        Options options;
    };
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    const Search searches[] = {
        {"(x^2 + y - 11)^2 + (x + y^2 - 7)^2", square, {.starts = 40, .iterations = 200}},
        {"abs(x)^0.5 + 100*sin(7*x*y) + sqrt(y + 4.5)", square, {.starts = 60, .iterations = 160}},
        {"-x*y + cos(3*x)", square, {.starts = 40, .iterations = 100, .maximize = true}},
        {"(x-1)^2 + sqrt(y)*x", Box{{"x", -3, 3}, {"y", 0, 0}}, {.starts = 20, .iterations = 100}},
        {"(1-x)^2 + 100*(y-x^2)^2",
         square,
         {.starts = 20, .iterations = 300, .rule = {.alpha = 0.01}, .scale = Scale::none, .explore = 1}},
    };
    if (choose_isa() == Isa::sse2) return;  // which rounds twice where the loop rounds once
    for (const Search& each : searches) {
        INFO(each.text);
        const Expression objective(each.text, each.box);
        Setting setting(objective, each.box, each.options);
        Halt halt(each.options);
        find_region(setting, halt);
        PlainEngine engine(setting, halt);
        const Findings findings = search(setting, engine, halt);
        Outcome outcome = outcome_of(setting, findings, engine, halt, each.options.most_minima);
        CHECK(bits_of(report(setting, std::move(outcome), engine, halt)) ==
              bits_of(minimize(objective, each.box, each.options)));
    }
}

TEST_CASE("compaction moves all that is kept of a run") {
    const std::size_t left = GENERATE(1, 18);  // runs that go on: they fill a narrower tile, or not
    constexpr std::size_t runs = 20;
    constexpr std::size_t tile_lanes = 32;
    const SearchBox box(Box{{"x", 0, 100}, {"y", 0, 100}});
    Swarm<double> swarm(7, runs, box, Course(Options{}), 1, tile_lanes);
    Workspace<double> workspace(tile_lanes, 2, 0);
    swarm.begin(0);
    for (std::size_t lane = 0; lane < runs; ++lane) {
        const auto x = static_cast<double>(lane);
        swarm.start(lane, std::vector<double>{x, 50});
        swarm.place(lane, std::vector<double>{x, 60});
    }
    const kernels::Tile<double> tile = swarm.unpack(0, workspace);
    const auto number = [](std::size_t lane, double of) { return 100 * of + static_cast<double>(lane); };
    for (std::size_t lane = 0; lane < runs; ++lane) {
        tile.f[lane] = number(lane, 1);
        tile.slope[lane] = number(lane, 2);
        tile.best_f[lane] = number(lane, 3);
        tile.best_step[lane] = static_cast<double>(lane);
        tile.steps_taken[lane] = number(lane, 4);
        for (std::size_t row = 0; row < 4; ++row)  // m and v of two variables
            tile.moments[row * tile_lanes + lane] = number(lane, 5 + static_cast<double>(row));
    }
    swarm.pack(0, tile, 10);
    for (std::size_t lane = 0; lane < runs - left; ++lane) swarm.retire(lane);
    swarm.compact(false);

    REQUIRE(swarm.lanes() == left);
    Workspace<double> narrower(swarm.tile_lanes(), 2, 0);
    const kernels::Tile<double> after = swarm.unpack(0, narrower);
    for (std::size_t lane = 0; lane < left; ++lane) {
        const std::size_t was = swarm.run(lane) - 7;
        INFO("run " << swarm.run(lane) << " in lane " << lane);
        CHECK(was >= runs - left);
        CHECK(swarm.status(lane) == kernels::live);
        CHECK(swarm.f(lane) == number(was, 1));
        CHECK(swarm.slope(lane) == number(was, 2));
        CHECK(swarm.best_f(lane) == number(was, 3));
        CHECK(swarm.best_iteration(lane) == static_cast<std::int32_t>(was) + 9);
        CHECK(swarm.steps_taken(lane) == number(was, 4));
        CHECK(swarm.coordinate(lane, Where::current, 0) == static_cast<double>(was));
        CHECK(swarm.coordinate(lane, Where::current, 1) == 60);
        CHECK(swarm.coordinate(lane, Where::best, 1) == 50);
        for (std::size_t row = 0; row < 4; ++row)
            CHECK(after.moments[row * after.lanes + lane] == number(was, 5 + static_cast<double>(row)));
    }
}
