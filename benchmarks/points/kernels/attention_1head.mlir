// softmax(scale · Q Kᵀ) V of one head of $s rows: products of $dtype in f32, the softmax in f32.
#scores = affine_map<(i, j, d) -> (i, j)>
#queries = affine_map<(i, j, d) -> (i, d)>
#keys = affine_map<(i, j, d) -> (j, d)>
#tile = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#weights = affine_map<(i, e, j) -> (i, j)>
#values = affine_map<(i, e, j) -> (j, e)>
#result = affine_map<(i, e, j) -> (i, e)>
func.func @main(%q: tensor<$sx$dx$dtype>, %k: tensor<$sx$dx$dtype>, %v: tensor<$sx$dx$dtype>) -> tensor<$sx$dx$dtype> {
  %zero = arith.constant 0.0 : f32
  %least = arith.constant 0xFF800000 : f32
  %scale = arith.constant $scale : f32
  %es = tensor.empty() : tensor<$sx$sxf32>
  %er = tensor.empty() : tensor<$sxf32>
  %eo = tensor.empty() : tensor<$sx$dxf32>
  %ew = tensor.empty() : tensor<$sx$sx$dtype>
  %ey = tensor.empty() : tensor<$sx$dx$dtype>
  %zs = linalg.fill ins(%zero : f32) outs(%es : tensor<$sx$sxf32>) -> tensor<$sx$sxf32>
  %zr = linalg.fill ins(%zero : f32) outs(%er : tensor<$sxf32>) -> tensor<$sxf32>
  %lr = linalg.fill ins(%least : f32) outs(%er : tensor<$sxf32>) -> tensor<$sxf32>
  %zo = linalg.fill ins(%zero : f32) outs(%eo : tensor<$sx$dxf32>) -> tensor<$sx$dxf32>
  %s = linalg.generic {indexing_maps = [#queries, #keys, #scores], iterator_types = ["parallel", "parallel", "reduction"]} ins(%q, %k : tensor<$sx$dx$dtype>, tensor<$sx$dx$dtype>) outs(%zs : tensor<$sx$sxf32>) {
  ^bb0(%x: $dtype, %y: $dtype, %acc: f32):
    %xw = arith.extf %x : $dtype to f32
    %yw = arith.extf %y : $dtype to f32
    %m = arith.mulf %xw, %yw : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<$sx$sxf32>
  %z = linalg.generic {indexing_maps = [#tile, #tile], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<$sx$sxf32>) outs(%es : tensor<$sx$sxf32>) {
  ^bb0(%x: f32, %old: f32):
    %m = arith.mulf %x, %scale : f32
    linalg.yield %m : f32
  } -> tensor<$sx$sxf32>
  %max = linalg.generic {indexing_maps = [#tile, #row], iterator_types = ["parallel", "reduction"]} ins(%z : tensor<$sx$sxf32>) outs(%lr : tensor<$sxf32>) {
  ^bb0(%x: f32, %acc: f32):
    %m = arith.maximumf %acc, %x : f32
    linalg.yield %m : f32
  } -> tensor<$sxf32>
  %p = linalg.generic {indexing_maps = [#tile, #row, #tile], iterator_types = ["parallel", "parallel"]} ins(%z, %max : tensor<$sx$sxf32>, tensor<$sxf32>) outs(%es : tensor<$sx$sxf32>) {
  ^bb0(%x: f32, %y: f32, %old: f32):
    %d = arith.subf %x, %y : f32
    %e = math.exp %d : f32
    linalg.yield %e : f32
  } -> tensor<$sx$sxf32>
  %sum = linalg.generic {indexing_maps = [#tile, #row], iterator_types = ["parallel", "reduction"]} ins(%p : tensor<$sx$sxf32>) outs(%zr : tensor<$sxf32>) {
  ^bb0(%x: f32, %acc: f32):
    %m = arith.addf %acc, %x : f32
    linalg.yield %m : f32
  } -> tensor<$sxf32>
  %w = linalg.generic {indexing_maps = [#tile, #row, #tile], iterator_types = ["parallel", "parallel"]} ins(%p, %sum : tensor<$sx$sxf32>, tensor<$sxf32>) outs(%ew : tensor<$sx$sx$dtype>) {
  ^bb0(%x: f32, %y: f32, %old: $dtype):
    %d = arith.divf %x, %y : f32
    %h = arith.truncf %d : f32 to $dtype
    linalg.yield %h : $dtype
  } -> tensor<$sx$sx$dtype>
  %o = linalg.generic {indexing_maps = [#weights, #values, #result], iterator_types = ["parallel", "parallel", "reduction"]} ins(%w, %v : tensor<$sx$sx$dtype>, tensor<$sx$dx$dtype>) outs(%zo : tensor<$sx$dxf32>) {
  ^bb0(%x: $dtype, %y: $dtype, %acc: f32):
    %xw = arith.extf %x : $dtype to f32
    %yw = arith.extf %y : $dtype to f32
    %m = arith.mulf %xw, %yw : f32
    %n = arith.addf %acc, %m : f32
    linalg.yield %n : f32
  } -> tensor<$sx$dxf32>
  %out = linalg.generic {indexing_maps = [#tile, #tile], iterator_types = ["parallel", "parallel"]} ins(%o : tensor<$sx$dxf32>) outs(%ey : tensor<$sx$dx$dtype>) {
  ^bb0(%x: f32, %old: $dtype):
    %h = arith.truncf %x : f32 to $dtype
    linalg.yield %h : $dtype
  } -> tensor<$sx$dx$dtype>
  func.return %out : tensor<$sx$dx$dtype>
}
