// Order between and within pipes.
// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

npu.kernel @k ins(%x: memref<16x64xf32, #npu.scope<global>>) outs(%y: memref<16x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  // A flag: raised when all earlier instructions of one pipe have finished, awaited by another.
  // CHECK: npu.set_flag <mte2> to <vector> event 0
  // GENERIC: "npu.set_flag"() <{source = #npu.pipe<mte2>, target = #npu.pipe<vector>, event = 0 : i64}> : () -> ()
  npu.set_flag <mte2> to <vector> event 0
  // CHECK: npu.wait_flag <mte2> to <vector> event 0
  // GENERIC: "npu.wait_flag"() <{source = #npu.pipe<mte2>, target = #npu.pipe<vector>, event = 0 : i64}> : () -> ()
  npu.wait_flag <mte2> to <vector> event 0
  // CHECK: npu.set_flag <vector> to <mte3> event 7
  // GENERIC: "npu.set_flag"() <{source = #npu.pipe<vector>, target = #npu.pipe<mte3>, event = 7 : i64}> : () -> ()
  npu.set_flag <vector> to <mte3> event 7
  // CHECK: npu.wait_flag <vector> to <mte3> event 7
  // GENERIC: "npu.wait_flag"() <{source = #npu.pipe<vector>, target = #npu.pipe<mte3>, event = 7 : i64}> : () -> ()
  npu.wait_flag <vector> to <mte3> event 7
  // CHECK: npu.set_flag <cube> to <fixpipe> event 1
  // GENERIC: "npu.set_flag"() <{source = #npu.pipe<cube>, target = #npu.pipe<fixpipe>, event = 1 : i64}> : () -> ()
  npu.set_flag <cube> to <fixpipe> event 1
  // CHECK: npu.wait_flag <cube> to <fixpipe> event 1
  // GENERIC: "npu.wait_flag"() <{source = #npu.pipe<cube>, target = #npu.pipe<fixpipe>, event = 1 : i64}> : () -> ()
  npu.wait_flag <cube> to <fixpipe> event 1
  // CHECK: npu.set_flag <mte1> to <scalar> event 1
  // GENERIC: "npu.set_flag"() <{source = #npu.pipe<mte1>, target = #npu.pipe<scalar>, event = 1 : i64}> : () -> ()
  npu.set_flag <mte1> to <scalar> event 1
  // CHECK: npu.wait_flag <mte1> to <scalar> event 1
  // GENERIC: "npu.wait_flag"() <{source = #npu.pipe<mte1>, target = #npu.pipe<scalar>, event = 1 : i64}> : () -> ()
  npu.wait_flag <mte1> to <scalar> event 1

  // A barrier: later instructions of the pipe start after all earlier ones have finished.
  // CHECK: npu.barrier <vector>
  // GENERIC: "npu.barrier"() <{pipe = #npu.pipe<vector>}> : () -> ()
  npu.barrier <vector>
  // CHECK: npu.barrier <all>
  // GENERIC: "npu.barrier"() <{pipe = #npu.pipe<all>}> : () -> ()
  npu.barrier <all>
}
