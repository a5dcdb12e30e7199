// RUN: rm -f %t.sqlite*
// RUN: xdsl-opt %s -p 'npu-decide{sources=composition host_fallback=true store="%t.sqlite"}' | filecheck %s
// RUN: not xdsl-opt %s -p 'npu-decide{sources=composition store="%t.sqlite"}' 2>&1 | filecheck %s --check-prefix=ERROR
// RUN: not xdsl-opt %s -p 'npu-decide{sources=oracle store="%t.sqlite"}' 2>&1 | filecheck %s --check-prefix=OPTION
// RUN: not xdsl-opt %s -p 'npu-decide{target=abacus store="%t.sqlite"}' 2>&1 | filecheck %s --check-prefix=TARGET
// RUN: not xdsl-opt %s -p 'npu-decide{tarhet=x}' 2>&1 | filecheck %s --check-prefix=MISSPELT

// No knowledge entry is about the power of a tile by whole numbers. Asked to, the pass leaves the op on the host and
// marks it; else it is an error of one line, like every other mistake.

// CHECK:      npu.undecided "power" host ins(
// CHECK-NOT:  npu.kernel
// ERROR:      error: no kernel for npu.undecided 'power': nothing says how to compute fpowi of f32 on this target
// OPTION:     error: sources=oracle: expected one of all, model, templates, composition, replay
// TARGET:     error: unknown target 'abacus'; known: ascend310b, ascend910b1, ascend950
// MISSPELT:   error: npu-decide: {{.*}}tarhet

#id = affine_map<(i, j) -> (i, j)>

func.func @main(%x: tensor<64x48xf32>) -> tensor<64x48xf32> {
  %r = npu.undecided "power" ins(%x : tensor<64x48xf32>) -> (tensor<64x48xf32>) {
  ^bb0(%a: tensor<64x48xf32>):
    %e = tensor.empty() : tensor<64x48xf32>
    %s = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<64x48xf32>) outs(%e : tensor<64x48xf32>) {
    ^bb1(%in: f32, %out: f32):
      %n = arith.fptosi %in : f32 to i32
      %1 = math.fpowi %in, %n : f32, i32
      linalg.yield %1 : f32
    } -> tensor<64x48xf32>
    npu.yield %s : tensor<64x48xf32>
  }
  func.return %r : tensor<64x48xf32>
}
