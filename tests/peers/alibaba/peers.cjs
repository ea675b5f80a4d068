// The vendor's own clients, for tests.
//
//   node peers.cjs call URL KEYS      calls operations of the service at URL with its generic client
//                                     and its SDK of 2017-12-14; KEYS is a JSON file of credentials
//   node peers.cjs verify REQUESTS    computes with the vendor's code what the recorded requests in
//                                     the JSON file should have been signed with
//
// Prints JSON. Node.js 18 or later; the packages are found through NODE_PATH.
'use strict';

const fs = require('fs');
const crypto = require('crypto');
const core = require('@alicloud/openapi-core');
const { OpenApiUtil } = core;
const bss = require('@alicloud/bssopenapi20171214');
const dara = require('@darabonba/typescript');

function config(url, key, extra = {}) {
  const { host } = new URL(url);
  return new core.$OpenApiUtil.Config({
    accessKeyId: key.access_key_id,
    accessKeySecret: key.access_key_secret,
    securityToken: key.security_token,
    protocol: 'HTTP',
    endpoint: host,
    regionId: 'cn-hangzhou',
    ...extra,
  });
}

function generic(url, key, action, version, parameters, extra) {
  const client = new core.default(config(url, key, extra));
  const params = new core.$OpenApiUtil.Params({
    action, version, protocol: 'HTTP', pathname: '/', method: 'POST', authType: 'AK',
    style: 'RPC', reqBodyType: 'formData', bodyType: 'json',
  });
  const request = new core.$OpenApiUtil.OpenApiRequest(parameters);
  return client.callApi(params, request, new dara.RuntimeOptions({}));
}

async function outcome(promise) {
  try {
    const result = await promise;
    return { body: result.body && result.body.toMap ? result.body.toMap() : result.body };
  } catch (error) {
    return { code: error.code || error.name, message: String(error.message).slice(0, 200) };
  }
}

async function call(url, keys) {
  const found = {};
  for (const [name, key] of Object.entries(keys)) {
    const sdk = new bss.default(config(url, key));
    found[name] = {
      QueryAccountBalance: await outcome(sdk.queryAccountBalance()),
      QueryBillOverview: await outcome(
        sdk.queryBillOverview(new bss.QueryBillOverviewRequest({ billingCycle: '2026-10' }))),
      QueryRelationList: await outcome(sdk.queryRelationList(new bss.QueryRelationListRequest(
        { userId: 1990699401005016, pageNum: 1, pageSize: 20, statusList: ['RELATED', 'CONFIRMING'] }))),
      GetFundAccountAvailableAmount: await outcome(generic(
        url, key, 'GetFundAccountAvailableAmount', '2023-09-30',
        { body: { FundAccountId: key.fund_account } })),
      ListFundAccount: await outcome(generic(
        url, key, 'ListFundAccount', '2023-09-30', { body: { QueryOnlyManage: false } })),
      GetCallerIdentity: await outcome(generic(url, key, 'GetCallerIdentity', '2015-04-01', {})),
      AssumeRoleByTheOlderScheme: await outcome(generic(
        url, key, 'AssumeRole', '2015-04-01',
        { body: { RoleArn: key.role, RoleSessionName: 'peer', DurationSeconds: 900 } },
        { signatureAlgorithm: 'v2' })),
    };
  }
  return found;
}

// What the vendor's code would have sent as the request's signature.
function expected(request, secret) {
  const url = new URL(request.target, 'http://host');
  const query = Object.fromEntries(url.searchParams);
  const headers = Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
  if (request.scheme === 'acs3') {
    const payload = crypto.createHash('sha256').update(request.body).digest('hex');
    const [, id] = /Credential=([^,]+)/.exec(headers.authorization);
    return {
      sent: headers.authorization,
      right: OpenApiUtil.getAuthorization(
        { method: request.method, pathname: url.pathname, query, headers }, 'ACS3-HMAC-SHA256', payload,
        id, secret),
    };
  }
  const { Signature, ...signed } = { ...query, ...Object.fromEntries(new URLSearchParams(request.body)) };
  return { sent: Signature, right: OpenApiUtil.getRPCSignature(signed, request.method, secret) };
}

function verify(requests) {
  return requests.map((request) => {
    const { sent, right } = expected(request, request.secret);
    return { operation: request.operation, scheme: request.scheme, same: sent === right, sent, right };
  });
}

async function main([mode, ...rest]) {
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
  const result = mode === 'call' ? await call(rest[0], read(rest[1])) : verify(read(rest[0]));
  process.stdout.write(JSON.stringify(result));
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
