#include "handwritten.hpp"

#include "problems.hpp"

namespace lanewise::bench {

namespace {

const Handwritten& table_of(Isa isa) {
    switch (isa) {
#if defined(__x86_64__)
        case Isa::avx2: return avx2_table;
        case Isa::avx512: return avx512_table;
        default: return sse2_table;
#else
        default: return neon_table;
#endif
    }
}

class HandwrittenObjective final : public Objective {
  public:
    explicit HandwrittenObjective(const Problem& problem) : problem_(problem) {}

    std::size_t dimension() const noexcept override { return problem_.dimension; }

    void evaluate(const Block<double>& block) const noexcept override {
        const Rows rows{block.lanes, block.dimension, block.x_rows, block.f_row, block.g_rows};
        const Handwritten& table = table_of(block.isa);
        switch (problem_.function) {
            case Function::sphere: table.sphere(rows); break;
            case Function::rosenbrock: table.rosenbrock(rows); break;
            case Function::rastrigin: table.rastrigin(rows); break;
        }
    }

  private:
    Problem problem_;
};

}  // namespace

std::unique_ptr<Objective> handwritten(const Problem& problem) {
    return std::make_unique<HandwrittenObjective>(problem);
}

}  // namespace lanewise::bench
