// What xdsl-opt -t prints of a finished kernel.
// RUN: xdsl-opt %s -t npu-text | filecheck %s --check-prefix TEXT
// RUN: xdsl-opt %s -t npu-json | filecheck %s --check-prefix JSON
// RUN: xdsl-opt %s -t npu-hivm | filecheck %s --check-prefix HIVM
// RUN: xdsl-opt %s -t npu-hivm{planned=true} | filecheck %s --check-prefix PLANNED

// TEXT: # @elementwise_0
// TEXT-NEXT: across i0 in 0..4096 step {{[0-9]+}} {
// TEXT-NEXT: b0 = load x0[i0:{{[0-9]+}}] into ub
// TEXT-NEXT: b0 = vexp b0
// TEXT-NEXT: store b0 into y0[i0:{{[0-9]+}}]
// TEXT-NEXT: }

// JSON: "kernel": "elementwise_0"
// JSON: "core": "vector"
// JSON: "cycles": {{[0-9.]+}}
// JSON: "bottleneck": "mte2"
// JSON: "mte2": {{[0-9.]+}}

// HIVM: func.func @elementwise_0
// HIVM-NOT: hivm.hir.set_flag
// HIVM: "hivm.hir.load"
// HIVM: "hivm.hir.vexp"
// HIVM: "hivm.hir.store"

// PLANNED: hivm.hir.set_flag
// PLANNED: hivm.hir.pointer_cast

npu.kernel @elementwise_0 ins(%x0: memref<4096xf32, #npu.scope<global>>) outs(%y0: memref<4096xf32, #npu.scope<global>>) on <vector> blocks 32 target "ascend910b1" schedule<"whole-tiles" tile(i0 = 128)> {
  %block = npu.block_idx : index
  %blocks = npu.block_count : index
  %0 = arith.constant 32 : index
  npu.set_flag <mte3> to <mte2> event 0
  scf.for %iteration = %block to %0 step %blocks {
    %i0 = affine.apply affine_map<(d0) -> ((d0 * 128))> (%iteration)
    %x0_1 = memref.subview %x0[%i0] [128] [1] : memref<4096xf32, #npu.scope<global>> to memref<128xf32, strided<[1], offset: ?>, #npu.scope<global>>
    %b0 = npu.alloc at 0 : memref<128xf32, #npu.scope<ub>>
    npu.wait_flag <mte3> to <mte2> event 0
    npu.load %x0_1 into %b0 : memref<128xf32, strided<[1], offset: ?>, #npu.scope<global>> into memref<128xf32, #npu.scope<ub>>
    npu.set_flag <mte2> to <vector> event 0
    npu.wait_flag <mte2> to <vector> event 0
    npu.vexp ins(%b0 : memref<128xf32, #npu.scope<ub>>) outs(%b0 : memref<128xf32, #npu.scope<ub>>)
    npu.set_flag <vector> to <mte3> event 0
    %y0_1 = memref.subview %y0[%i0] [128] [1] : memref<4096xf32, #npu.scope<global>> to memref<128xf32, strided<[1], offset: ?>, #npu.scope<global>>
    npu.wait_flag <vector> to <mte3> event 0
    npu.store %b0 into %y0_1 : memref<128xf32, #npu.scope<ub>> into memref<128xf32, strided<[1], offset: ?>, #npu.scope<global>>
    npu.set_flag <mte3> to <mte2> event 0
  } {npu.across = array<i64: 0, 4096, 128>}
  npu.wait_flag <mte3> to <mte2> event 0
}
